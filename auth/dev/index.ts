import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { ConfigError } from '../src/config';
import { dataFolderOf, uriFileOf } from './data-folder';
import { startInbox } from './inbox';
import { keyEncryptionKey, keyFileOf } from './key-file';
import { startMongod } from './mongod';
import { say } from './output';
import { freePort, requireFree } from './ports';
import { whyUnreachable } from './reach-mongodb';
import { runService, tsNodeDev } from './service';
import { checkSettings, developmentSettings, embedsInbox, misspelt } from './settings';
import { watchForStop, whenAborted, type Stop } from './stop';

// `npm run dev`: the service, restarted when a source changes, with a MongoDB and a mail inbox of its own unless
// settings name others.

// Longer than the service and mongod may take to end.
const endLimitMs = 25_000;

async function main(): Promise<void> {
  const stop = watchForStop();
  whenAborted(stop.signal, () => {
    setTimeout(() => process.exit(1), endLimitMs).unref();
  });
  // What was started last ends first.
  const endings: (() => Promise<unknown>)[] = [];
  try {
    process.exitCode = await run(stop, (end) => endings.unshift(end));
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    for (const end of endings) await end();
  }
}

type AtEnd = (end: () => Promise<unknown>) => void;

async function run(stop: Stop, atEnd: AtEnd): Promise<number> {
  const env = developmentSettings();
  for (const { name, meant } of misspelt(env)) {
    say(`warning: ${name} is not a setting and has no effect. Did you mean ${meant}?`);
  }
  const config = checkSettings(env);
  tsNodeDev();
  const port = config.port === 0 ? await freePort() : config.port;
  const inboxPort = Number(env['INBOX_PORT'] ?? 8025);
  await requireFree({
    PORT: port,
    HEALTH_PORT: config.healthPort,
    ...(embedsInbox(env) && { INBOX_PORT: inboxPort }),
  });
  const url = `http://localhost:${port}`;
  env['PORT'] = String(port);
  // Where the links in mails lead.
  env['PUBLIC_URL'] ??= url;

  const temporaryFolder = await mkdtemp(path.join(os.tmpdir(), 'auth-dev-'));
  atEnd(() => rm(temporaryFolder, { recursive: true, force: true }));
  const inboxUrl = embedsInbox(env) ? await embedInbox(env, inboxPort, atEnd) : undefined;
  const keyFile = keyFileOf(env);
  if (env['MONGO_URI'] === undefined) await embedMongod(env, stop.signal, atEnd, temporaryFolder);
  else void warnIfUnreachable(env['MONGO_URI']);
  env['KEY_ENCRYPTION_KEY'] ??= keyEncryptionKey(keyFile);
  stop.signal.throwIfAborted();

  const ready = (): void => {
    say(`ready: ${url}`);
    say(
      `try: curl -i -H 'Content-Type: application/json' -d '{"email":"test@example.com","password":"password"}' ${url}/api/users/signup`,
    );
    if (inboxUrl !== undefined) say(`inbox: ${inboxUrl}`);
  };
  return runService({ env, port, temporaryFolder, stop, ready });
}

async function embedInbox(env: NodeJS.ProcessEnv, pagePort: number, atEnd: AtEnd): Promise<string> {
  const inbox = await startInbox({ smtpPort: 0, pagePort, say });
  atEnd(() => inbox.close());
  env['SMTP_URL'] = inbox.smtpUrl;
  return inbox.pageUrl;
}

/** Its data stay in a folder from run to run, unless MONGO_DATA is `temporary`. */
async function embedMongod(
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
  atEnd: AtEnd,
  temporaryFolder: string,
): Promise<void> {
  const kept = dataFolderOf(env);
  const mongod = await startMongod({ say, signal, dataFolder: kept ?? path.join(temporaryFolder, 'mongo') });
  atEnd(() => mongod.stop());
  const uri = mongod.uri('auth');
  env['MONGO_URI'] = uri;
  say(`mongod runs as process ${mongod.pid ?? 0}: ${uri}`);
  say(`data: ${kept ?? 'kept in a temporary folder, and removed at the end'}`);
  if (kept === undefined) return;
  atEnd(() => rm(uriFileOf(kept), { force: true }));
  await writeFile(uriFileOf(kept), uri);
}

async function warnIfUnreachable(uri: string): Promise<void> {
  const why = await whyUnreachable(uri);
  if (why === undefined) return;
  say(
    `warning: MongoDB can't be reached (${why}): start it, or unset MONGO_URI to use one that npm run dev starts. The service keeps trying`,
  );
}

main().catch((error: unknown) => {
  const problems =
    error instanceof ConfigError ? error.problems : [error instanceof Error ? error.message : 'failed'];
  for (const problem of problems) process.stderr.write(`dev: ${problem}\n`);
  process.exit(1);
});
