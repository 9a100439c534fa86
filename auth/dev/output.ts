import { prettyFactory } from 'pino-pretty';
import { parseJsonLine } from './json-line';

/** Says a line of this runner's own. */
export function say(line: string): void {
  process.stdout.write(`dev: ${line}\n`);
}

/** Writes a line of the service's log: readable on a terminal, and as it is, JSON, into a pipe or a file. */
export function writeLog(line: string): void {
  process.stdout.write(
    process.stdout.isTTY ? readable(line, process.env['NO_COLOR'] === undefined) : `${line}\n`,
  );
}

interface LogLine {
  level: string;
  msg: string;
  err?: { message: string };
  req?: { method: string; path: string };
  res?: { statusCode: number };
  responseTime?: number;
}

/** A line of JSON in the words of a person, one line a request; any other line as it is. */
export function readable(line: string, colorize: boolean): string {
  const log = parseJsonLine(line) as LogLine | undefined;
  if (!log) return `${line}\n`;
  const { level, msg, err, req, res, responseTime } = log;
  if (req && res) log.msg = `${req.method} ${req.path} ${res.statusCode} ${responseTime ?? 0} ms`;
  // What is tried again needs no stack each time.
  if (err && level === 'warn') Object.assign(log, { msg: `${msg}: ${err.message}`, err: undefined });
  return prettyFactory({
    colorize,
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'service,requestId,req,res,responseTime',
  })(log);
}
