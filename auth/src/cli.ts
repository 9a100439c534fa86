import { parseArgs } from 'node:util';
import { afterRestore } from './commands/after-restore';
import { UsageError, type Command, type CommandAbout, type CommandOptions } from './commands/command';
import { createAdmin } from './commands/create-admin';
import { listKeys, reencryptKeys, revokeKey, rotateKeys } from './commands/keys';
import { migrateDatabase } from './commands/migrate';
import { resend, unblock, why } from './commands/support';
import { readConfig } from './config';
import { CustomError } from './errors/custom-error';

const commands: Readonly<Record<string, Command>> = {
  'create-admin': createAdmin,
  migrate: migrateDatabase,
  'after-restore': afterRestore,
  'list-keys': listKeys,
  'rotate-keys': rotateKeys,
  'reencrypt-keys': reencryptKeys,
};

/** Those that need something to be named, with the options that they take. */
const commandsAbout: Readonly<Record<string, { command: CommandAbout; takes: (keyof CommandOptions)[] }>> = {
  why: { command: why, takes: [] },
  unblock: { command: unblock, takes: [] },
  resend: { command: resend, takes: [] },
  'revoke-key': { command: revokeKey, takes: ['yes'] },
};

const usage = `usage: node dist/cli.js COMMAND

Commands, for the database that MONGO_URI names:

  create-admin --email ADDRESS [--password-stdin]
      Creates an account with the role admin. --password-stdin reads the password from the
      standard input, which must be one line in UTF-8; without it a password is generated and printed once.
      In development: npm run create-admin -- --email ADDRESS
  migrate
      Brings the database to this version's schema, as a start of the service does. The user in MONGO_URI needs the
      roles readWrite and dbAdmin.
  after-restore
      After a restore from a backup: ends all sessions, links and queued mails that came back with it, withdraws the
      signing keys of the backup, and makes one.
  list-keys
      Lists the ids of the signing keys, when they sign and verify, and with which key they are encrypted.
  rotate-keys
      Publishes the next signing key, which signs KEY_GRACE_SECONDS later. Nobody is signed out.
  reencrypt-keys
      Encrypts the stored signing keys with the first key of KEY_ENCRYPTION_KEY, so that the second can be removed.
  revoke-key KID [--yes]
      For a signing key that leaked: withdraws it and every other key at once, makes one, and SIGNS EVERYBODY OUT.
      It asks first, unless --yes is given.
  why ADDRESS
      Says why somebody with that address can't sign in or gets no mail: the account, limits, and the last 20 mails.
  unblock ADDRESS
      Forgets what limits have counted against that address.
  resend ADDRESS
      Queues mails to that address again that were given up, or that wait after a failed attempt.

  --help prints this text.
`;

/** Commands for operators, with the service's settings. */
async function main(): Promise<void> {
  const { positionals, values } = readArguments();
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const [name = '', ...rest] = positionals;
  const lines = await run(name, rest, values);
  for (const line of lines) process.stdout.write(`${line}\n`);
}

function run(name: string, [subject, ...more]: string[], options: CommandOptions): Promise<string[]> {
  const config = () => readConfig(process.env);
  const about = Object.hasOwn(commandsAbout, name) ? commandsAbout[name] : undefined;
  if (about) {
    const isTaken = (option: string): boolean => about.takes.some((each) => each === option);
    if (subject === undefined || more.length > 0 || !Object.keys(options).every(isTaken))
      throw new UsageError();
    return about.command(subject, config, options);
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command || subject !== undefined || options.yes) throw new UsageError();
  return command(options, config);
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        email: { type: 'string' },
        'password-stdin': { type: 'boolean' },
        yes: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
  } catch {
    // An unknown option.
    throw new UsageError();
  }
}

function explain(error: unknown): string {
  if (error instanceof CustomError)
    return error
      .serializeErrors()
      .map(({ message }) => message)
      .join('\n');
  if (error instanceof Error && error.name === 'TimeoutError') return 'MongoDb does not answer';
  return error instanceof Error ? error.message : 'failed';
}

main().catch((error: unknown) => {
  process.stderr.write(error instanceof UsageError ? usage : `auth: ${explain(error)}\n`);
  process.exit(error instanceof UsageError ? 2 : 1);
});
