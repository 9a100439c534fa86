import { pino, type DestinationStream, type Logger, type LevelWithSilent } from 'pino';

// The log is written from named fields; this is for the day when somebody logs a whole object.
const secrets = ['password', 'currentPassword', 'token', 'jwt', 'cookie', 'authorization', 'set-cookie'];
const depths = ['', '*', '*.*'];

/** One JSON line for each event; secrets are redacted, and of an error only what can't hold one is written. */
export function createLogger(level: LevelWithSilent, destination?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: { service: 'auth' },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: depths.flatMap((at) => secrets.map((name) => `${at}["${name}"]`)),
        censor: '[redacted]',
      },
      serializers: { err: describeError },
    },
    destination ?? pino.destination({ dest: 1, sync: true }),
  );
}

// A driver's or a validator's error carries the values it was about in properties of its own: those stay out.
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { type: typeof error };
  const { name, message, stack } = error;
  const code = 'code' in error ? { code: error.code } : {};
  const cause = error.cause === undefined ? {} : { cause: describeError(error.cause) };
  return { type: name, message, stack, ...code, ...cause };
}
