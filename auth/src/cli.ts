import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { matchedData, validationResult } from 'express-validator';
import { readConfig, type Config } from './config';
import { CustomError } from './errors/custom-error';
import { RequestValidationError } from './errors/request-validation-error';
import { createLogger } from './logger';
import { prepareCollections } from './models/collections';
import { connectDatabase, transactions } from './models/database';
import type { UserAttrs } from './models/user';
import { email, newPassword } from './routes/fields';
import { Accounts } from './services/accounts';
import { Password } from './services/password';
import { createPasswordRules } from './services/password-rules';

const usage = `usage: cli.js create-admin --email ADDRESS [--password-stdin]

Opens an account that is an admin's, in the database that MONGO_URI names. The password is the first line of the
standard input with --password-stdin; without it one is made, and printed this once.
`;

const databaseLimitMs = 15_000;

/** What an operator does from the inside: `node dist/cli.js create-admin --email a@b.c`, with the service's settings. */
async function main(): Promise<void> {
  const { positionals, values } = readArguments();
  if (positionals.join(' ') !== 'create-admin' || values.email === undefined) throw new UsageError();
  // Never an argument: those stand in the list of processes and in the shell's history.
  const given = values['password-stdin'] ? firstLine(await text(process.stdin)) : undefined;
  const config = readConfig(process.env);
  const passwords = new Password(config.password);
  const password = given ?? passwords.invent();
  await createAdmin(config, passwords, await validated({ email: values.email, password }));
  process.stdout.write(given === undefined ? `password: ${password}\n` : '');
}

class UsageError extends Error {}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { email: { type: 'string' }, 'password-stdin': { type: 'boolean' } },
    });
  } catch {
    // An option that there is not.
    throw new UsageError();
  }
}

const firstLine = (input: string): string => /^[^\r\n]*/.exec(input)?.[0] ?? '';

/** What is given here has to pass what it would have to pass over HTTP. */
async function validated(body: UserAttrs): Promise<UserAttrs> {
  const request = { body };
  await email().run(request);
  await newPassword().run(request);
  const result = validationResult(request);
  if (!result.isEmpty()) throw new RequestValidationError(result.array({ onlyFirstError: true }));
  return matchedData<UserAttrs>(request);
}

async function createAdmin(config: Config, passwords: Password, attrs: UserAttrs): Promise<void> {
  const logger = createLogger(config.logLevel, process.stderr);
  const { connection, prepared } = await connectDatabase(
    config.mongoUri,
    (opened) => prepareCollections(opened, (plain) => passwords.toHash(plain)),
    { logger, signal: AbortSignal.timeout(databaseLimitMs) },
  );
  try {
    const accounts = new Accounts({
      users: prepared.users,
      passwords,
      passwordRules: createPasswordRules(config.passwordRules, logger),
      transact: transactions(connection),
      requireVerifiedEmail: false,
    });
    const { _id } = await accounts.createAdmin(attrs);
    logger.info({ event: 'admin_created', userId: _id }, 'admin created');
  } finally {
    await connection.close();
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
