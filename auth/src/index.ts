import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { buildApp } from './app';
import { ConfigError, readConfig, type Config } from './config';
import { DatabaseConnectionError } from './errors/database-connection-error';
import { buildHealth } from './health';
import { createLogger } from './logger';
import { followValidators, openCollections } from './models/collections';
import { isConnected } from './models/connect-database';
import { transactions } from './models/database';
import { followUniqueAddress } from './models/unique-address';
import { SessionFeed } from './models/session-feed';
import { builtPages, readPages, type PagesSource } from './pages/page-files';
import type { PagesOptions } from './pages/pages';
import { createHttpServer, drain, listen } from './server';
import { operator } from './services/caller';
import { createKeys, type Keys } from './services/keys/keys';
import { Password } from './services/passwords/password';
import { createPasswordRules } from './services/passwords/password-rules';
import { databaseMetrics } from './services/metrics/database-metrics';
import { Metrics } from './services/metrics/metrics';
import { createServices, type MailOptions } from './services/services';
import { Jwts } from './services/sessions/jwts';

const graceMs = 9000;
const retryInMs = 500;
const imported =
  'JWT_PRIVATE_KEY is set: it has become the first stored signing key, unless there was one. Remove the setting once no earlier version of the service runs';

async function main(openPages: () => PagesSource): Promise<void> {
  const config = readSettings();
  const logger = createLogger(config.logLevel);
  const stopping = stopSignal(logger);
  process.on('uncaughtException', (err) => {
    logger.fatal({ err }, 'uncaught exception');
    process.exit(1);
  });

  const metrics = new Metrics();
  metrics.addProcess();
  let isReady = (): boolean => false;
  const health = createHttpServer(
    buildHealth(() => !stopping.aborted && isReady(), metrics),
    logger,
  );
  const healthPort = await listen(health, config.healthPort);

  const passwords = new Password({ ...config.password, metrics });
  const { connection, collections } = await openCollections(
    config.mongoUri,
    (password) => passwords.toHash(password, operator()),
    { logger, signal: stopping, watch: databaseMetrics(metrics) },
  );
  const isAddressUnique = followUniqueAddress(collections.users, logger);
  const putValidatorsBack = followValidators(connection, collections, logger);
  logger.info('Connected to MongoDb');

  const now = (): Date => new Date();
  const keys = createKeys({ ...config.keys, model: collections.keyring, metrics });
  await openKeys(keys, config, logger, stopping);
  const jwts = new Jwts({ ...config.jwt, keys: keys.ring, now });
  const services = createServices({
    collections,
    sessionFeed: new SessionFeed({ connection, collections, logger }),
    transact: transactions(connection, undefined, putValidatorsBack),
    passwords,
    passwordRules: createPasswordRules(config, logger),
    keys,
    jwts,
    sessionRules: config.session,
    sessionsInMemory: config.session.inMemory,
    requireVerifiedEmail: config.requireVerifiedEmail,
    closedAccountSeconds: config.closedAccountSeconds,
    auditSeconds: config.auditSeconds,
    limits: config.limits,
    mail: mailOptions(config, logger),
    metrics,
    logger,
    now,
  });
  const app = buildApp({
    ...services,
    metrics,
    logger,
    now,
    signupMode: config.signupMode,
    pages: pagesOptions(config, openPages),
    publicUrl: config.publicUrl,
    production: config.production,
    trustedProxies: config.trustedProxies,
  });
  const server = createHttpServer(app, logger, { keepAliveTimeout: config.keepAliveSeconds * 1000 });
  const port = await listen(server, config.port);
  isReady = () => isConnected(connection) && isAddressUnique();
  services.sessionMemory.start();
  services.keyRotation.start();
  services.mail?.worker.start();
  services.cleanup.resume();
  services.goneAccounts.start();
  logger.info({ port, healthPort }, 'Listening');

  await aborted(stopping);
  // A mail that the grace does not suffice for is another process's to send, once its lease ends.
  const mailDone = Promise.race([services.mail?.worker.stop(), delay(graceMs)]);
  const drained = drain(server, graceMs);
  passwords.close();
  await Promise.all([drained, mailDone]);
  const { cleanup, goneAccounts, sessionMemory, keyRotation } = services;
  await Promise.all([cleanup, goneAccounts, sessionMemory, keyRotation].map((each) => each.stop()));
  // Last, because all of these may record something.
  await services.audit.flush();
  await connection.close();
  logger.info('Stopped');
  process.exit(0);
}

function mailOptions(
  { mail, publicUrl, productName, pages }: Config,
  logger: Logger,
): MailOptions | undefined {
  if (!mail)
    logger.warn('SMTP_URL is not set, or MAIL is off: no mail is sent, and what needs it is not there');
  return mail && { ...mail, publicUrl, productName, linksSayPurpose: pages };
}

function pagesOptions(config: Config, openPages: () => PagesSource): PagesOptions | undefined {
  if (!config.pages) return undefined;
  const { productName, mail, signupMode, passwordRules, closedAccountSeconds } = config;
  const settings = {
    productName,
    mail: mail !== undefined,
    signupMode,
    passwordProfile: passwordRules.profile,
    closedAccountSeconds: mail ? closedAccountSeconds : 0,
  };
  return { source: openPages(), settings };
}

/** The pages of the build, which never change. */
function openBuiltPages(): PagesSource {
  const files = readPages(builtPages);
  return () => files;
}

function readSettings(): Config {
  try {
    return readConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems) process.stderr.write(`auth: ${problem}\n`);
    process.exit(1);
  }
}

/** Aborts at the first SIGTERM or SIGINT; a second one ends the process at once. */
function stopSignal(logger: Logger): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(1);
      logger.info({ signal }, 'Stopping');
      controller.abort();
    });
  }
  return controller.signal;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
}

/** Opens the keyring, as soon as the database serves it. */
async function openKeys(
  { ring }: Keys,
  { jwt }: Config,
  logger: Logger,
  stopping: AbortSignal,
): Promise<void> {
  for (;;) {
    stopping.throwIfAborted();
    try {
      await ring.open(jwt.key);
      if (jwt.key) logger.warn(imported);
      return;
    } catch (err) {
      if (!(err instanceof DatabaseConnectionError)) throw err;
      logger.warn({ err, retryInMs }, 'the signing keys could not be read');
      await delay(retryInMs);
    }
  }
}

/** @param openPages where the pages come from */
export function run(openPages: () => PagesSource): void {
  main(openPages).catch(fail);
}

function fail(error: unknown): never {
  // Told to stop before it had started.
  if (error instanceof Error && error.name === 'AbortError') process.exit(0);
  process.stderr.write(`auth: ${error instanceof Error ? error.message : 'failed to start'}\n`);
  process.exit(1);
}

if (require.main === module) run(openBuiltPages);
