import { pino, type DestinationStream, type Logger, type LevelWithSilent } from 'pino';

// The code logs named fields only. Redaction covers the mistake of logging a whole object.
const secrets = ['password', 'currentPassword', 'token', 'jwt', 'cookie', 'authorization', 'set-cookie'];
const depths = ['', '*', '*.*'];

/** Logs one JSON line per event. Secrets are redacted, and errors are reduced to fields that hold none. */
export function createLogger(level: LevelWithSilent, destination?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: { service: 'auth' },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: depths.flatMap((depth) => secrets.map((name) => `${depth}["${name}"]`)),
        censor: '[redacted]',
      },
      serializers: { err: describeError },
    },
    destination ?? pino.destination({ dest: 1, sync: true }),
  );
}

// Errors of the driver and of validators have further properties with the values of users. Those are not logged.
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { type: typeof error };
  const { name, message, stack } = error;
  const code = 'code' in error ? { code: error.code } : {};
  const cause = error.cause === undefined ? {} : { cause: describeError(error.cause) };
  return { type: name, message, stack, ...code, ...cause };
}
