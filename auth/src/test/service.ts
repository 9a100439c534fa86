import type { KeyObject } from 'node:crypto';
import type { Express, Request } from 'express';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Connection } from 'mongoose';
import request from 'supertest';
import { buildApp, type AppDeps } from '../app';
import { createLogger } from '../logger';
import type { PasswordProfile } from '../password-shape';
import { openCollections, type Collections } from '../models/collections';
import { transactions } from '../models/database';
import { SessionFeed } from '../models/session-feed';
import { createHttpServer, listen } from '../server';
import type { GoneAccounts } from '../services/accounts/gone-accounts';
import type { Audit } from '../services/audit/audit';
import type { AccountCleanup } from '../services/accounts/account-cleanup';
import type { MailWorker } from '../services/mail/mail-worker';
import { operator } from '../services/caller';
import type { KeyRing } from '../services/keys/key-ring';
import type { KeyRotation } from '../services/keys/key-rotation';
import { createKeys, type Keys } from '../services/keys/keys';
import { Password } from '../services/passwords/password';
import { PasswordRules } from '../services/passwords/password-rules';
import type { LimitName } from '../services/limits/limit-table';
import type { Limits } from '../services/limits/limits';
import { databaseMetrics } from '../services/metrics/database-metrics';
import { Metrics } from '../services/metrics/metrics';
import { makeSigningKey } from '../services/keys/signing-key';
import { createServices } from '../services/services';
import { Jwts } from '../services/sessions/jwts';
import type { SessionMemory } from '../services/sessions/session-memory';
import { startInbox, type Inbox, type ReceivedMail } from '../../dev/inbox';
import { freshDatabase } from './database';
import { testKeys } from './keys';
import { until } from './process';
import { ratesFor } from './rates';
import { errorsWithoutCode } from './responses';
import { SecretScan } from './secrets';

/** A scrypt cost for tests: a hash has the format of a real one, but takes only a millisecond. */
export const cheapCost = { ln: 4, r: 8, p: 1 };
export const hour = 60 * 60;
export const day = 24 * hour;
const productName = 'ticketing';

export interface TestService extends Collections {
  url: string;
  app: Express;
  server: Server;
  worker: MailWorker | undefined;
  cleanup: AccountCleanup;
  auditTrail: Audit;
  goneAccounts: GoneAccounts;
  sessionMemory: SessionMemory;
  /** The service; `limits` is its collection. */
  limiter: Limits;
  connection: Connection;
  metrics: Metrics;
  /** All of them; each one is a property of the service, too. */
  collections: Collections;
  passwords: Password;
  /** The key that signs. */
  key: KeyObject;
  keys: Keys;
  keyRing: KeyRing;
  keyRotation: KeyRotation;
  jwts: Jwts;
  /** The mail server that the service uses. */
  inbox: Inbox;
  /** Waits for a mail to that address whose subject contains the given text, and removes it from the inbox. */
  mailTo: (email: string, subject?: string) => Promise<ReceivedMail>;
  /** Like `mailTo`, but returns the token in the mail's link. */
  tokenTo: (email: string, subject?: string) => Promise<string>;
  /** Resolves once every pending mail has been sent, dropped or parked. */
  mailSettled: () => Promise<void>;
  /**
   * Every document that is not over, but those of the audit trail, which has refusals too, the counts of limits and
   * heartbeats: to check whether anything has changed.
   */
  everything: () => Promise<unknown[]>;
  /** Log lines so far, parsed. */
  logs: Record<string, unknown>[];
  /** Moves the service's clock forward. */
  advance: (seconds: number) => void;
  now: () => Date;
  /** A client without cookies. */
  api: () => ReturnType<typeof request>;
  /** A client that keeps its cookies, as a browser does. */
  browser: () => ReturnType<typeof request.agent>;
  /** Signs a new user up and returns the signed-in browser. */
  signedUp: (email: string, password?: string) => Promise<ReturnType<typeof request.agent>>;
  /** Like `signedUp`, but makes the user an admin. */
  signedUpAdmin: (email: string) => Promise<ReturnType<typeof request.agent>>;
}

export const password = 'correct horse battery';

/**
 * Runs the real app with a real socket and database for the tests of one file, and finally looks for leaks (S47) and for
 * errors without a code.
 */
export function useService(options: ServiceOptions = {}): TestService {
  const service = {} as TestService;
  const scan = new SecretScan();
  const codeless: unknown[] = [];
  beforeAll(async () => {
    Object.assign(service, await startService(options, scan, codeless));
  });
  afterAll(async () => {
    await service.worker?.stop();
    await service.cleanup.stop();
    await service.sessionMemory.stop();
    await service.keyRotation.stop();
    await service.auditTrail.flush();
    for (const entry of await service.audit.find().lean()) scan.addOutput(JSON.stringify(entry));
    scan.addOutput(await service.metrics.text());
    await service.inbox.close();
    service.server.closeAllConnections();
    await new Promise((resolve) => service.server.close(resolve));
    await service.connection.dropDatabase();
    await service.connection.close();
    for (const line of service.logs) scan.addOutput(JSON.stringify(line));
    expect(scan.leaks()).toEqual([]);
    expect(codeless).toEqual([]);
  });
  return service;
}

type ServiceOptions = Partial<AppDeps> & {
  hashing?: Partial<HashLimits>;
  requireVerifiedEmail?: boolean;
  passwordProfile?: PasswordProfile;
  maxSessions?: number;
  closedAccountSeconds?: number;
  auditSeconds?: number;
  /** Limits that differ from `ratesFor`, such as `10/1m`. */
  rates?: Partial<Record<LimitName, string>>;
  /** How long counting may take. */
  limitWaitMs?: number;
  /** Tests ask for mails one after another. */
  coolDownSeconds?: number;
  /** Off, because most tests sign in from several browsers. */
  newSignInMail?: boolean;
  /** 0: each check of a session asks the database. */
  sessionsInMemory?: number;
  /** `off`: the service sends no mail. `waiting`: mails wait until the test starts the worker. */
  mailing?: 'on' | 'off' | 'waiting';
};

interface HashLimits {
  concurrency: number;
  queue: number;
}

async function startService(
  {
    hashing,
    requireVerifiedEmail = false,
    mailing = 'on',
    passwordProfile = 'default',
    maxSessions = 100,
    closedAccountSeconds = 7 * day,
    auditSeconds = 180 * day,
    rates,
    limitWaitMs = 5000,
    coolDownSeconds = 0,
    newSignInMail = false,
    sessionsInMemory = 1000,
    ...options
  }: ServiceOptions,
  scan: SecretScan,
  codeless: unknown[],
): Promise<TestService> {
  const logs: Record<string, unknown>[] = [];
  const logger = createLogger('debug', {
    write: (line: string) => logs.push(JSON.parse(line) as Record<string, unknown>),
  });
  let clockOffsetMs = 0;
  const now = (): Date => new Date(Date.now() + clockOffsetMs);

  const metrics = new Metrics();
  const passwords = new Password({ cost: cheapCost, concurrency: 2, queue: 200, ...hashing, metrics });
  const { connection, collections } = await openCollections(
    freshDatabase(),
    (plain) => passwords.toHash(plain, operator()),
    { logger, signal: new AbortController().signal, watch: databaseMetrics(metrics) },
  );
  const key = makeSigningKey();
  const keys = createKeys({ ...testKeys, model: collections.keyring, metrics });
  await keys.ring.open(key);
  const jwts = new Jwts({
    keys: keys.ring,
    issuer: 'test-issuer',
    audience: 'ticketing',
    ttlSeconds: 900,
    now,
  });
  const sessionRules = {
    idleSeconds: 7 * day,
    maxSeconds: 30 * day,
    freshSeconds: 600,
    maxPerAccount: maxSessions,
  };
  const inbox = await startInbox({ smtpPort: 0, pagePort: 0 });
  const publicUrl = new URL('http://localhost:3000');
  const services = createServices({
    collections,
    sessionFeed: new SessionFeed({ connection, collections, logger }),
    transact: transactions(connection),
    passwords,
    passwordRules: new PasswordRules({ profile: passwordProfile, productName }),
    keys,
    jwts,
    sessionRules,
    sessionsInMemory,
    requireVerifiedEmail,
    closedAccountSeconds,
    auditSeconds,
    limits: { rates: ratesFor(rates), waitMs: limitWaitMs },
    ...(mailing !== 'off' && {
      mail: {
        url: new URL(inbox.smtpUrl),
        from: 'ticketing <no-reply@ticketing.dev>',
        publicUrl,
        productName,
        linksSayPurpose: options.pages !== undefined,
        pollMs: 10,
        firstRetryMs: 50,
        coolDownSeconds,
        newSignIn: newSignInMail,
      },
    }),
    metrics,
    logger,
    now,
  });
  services.sessionMemory.start();
  services.keyRotation.start();
  const worker = services.mail?.worker;
  if (mailing === 'on') worker?.start();
  const app = buildApp({
    ...services,
    metrics,
    logger,
    now,
    signupMode: 'open',
    publicUrl,
    production: false,
    trustedProxies: 1,
    ...options,
  });
  const server = createHttpServer((req, res) => {
    scanExchange(req, res, scan, codeless);
    app(req, res);
  }, logger);
  const url = `http://127.0.0.1:${await listen(server, 0)}`;
  const browser = (): ReturnType<typeof request.agent> => request.agent(url);
  const mailTo: TestService['mailTo'] = async (email, subject = '') => {
    const mail = await inbox.take((received) => received.to === email && received.subject.includes(subject));
    // A leaked token gives access to the account, as a leaked password does (S47).
    if (mail.token !== undefined) scan.addPasswordOf({ password: mail.token });
    return mail;
  };
  const signedUp: TestService['signedUp'] = async (email, secret = password) => {
    const agent = browser();
    await agent.post('/api/users/signup').send({ email, password: secret }).expect(201);
    return agent;
  };
  return {
    ...collections,
    collections,
    limiter: services.limits,
    url,
    app,
    server,
    connection,
    metrics,
    passwords,
    key,
    keys,
    keyRing: services.keyRing,
    keyRotation: services.keyRotation,
    jwts,
    logs,
    now,
    browser,
    advance: (seconds) => {
      clockOffsetMs += seconds * 1000;
    },
    api: () => request(url),
    inbox,
    worker,
    cleanup: services.cleanup,
    auditTrail: services.audit,
    goneAccounts: services.goneAccounts,
    sessionMemory: services.sessionMemory,
    mailTo,
    signedUp,
    tokenTo: async (email, subject) => (await mailTo(email, subject)).token ?? '',
    mailSettled: () => until(async () => !(await collections.mails.exists({ status: 'pending' }))),
    everything: async () => {
      const all = (await connection.db?.collections()) ?? [];
      const apart = [collections.audit, collections.limits, collections.heartbeats].map(
        (model) => model.collection.name,
      );
      const others = all.filter(({ collectionName }) => !apart.includes(collectionName));
      others.sort((a, b) => a.collectionName.localeCompare(b.collectionName));
      // MongoDB may remove these at any moment.
      const isOver = { $lte: new Date() };
      const kept = { expiresAt: { $not: isOver }, freeAt: { $not: isOver } };
      return Promise.all(others.map((collection) => collection.find(kept).sort({ _id: 1 }).toArray()));
    },
    signedUpAdmin: async (email) => {
      const agent = await signedUp(email);
      await collections.users.updateOne({ email }, { role: 'admin' });
      return agent;
    },
  };
}

/** Adds the password of a request and the body of its response to the scan, and its errors without a code. */
function scanExchange(
  req: IncomingMessage,
  res: ServerResponse,
  scan: SecretScan,
  codeless: unknown[],
): void {
  const end = res.end.bind(res) as (...args: unknown[]) => ServerResponse;
  res.end = ((...args: unknown[]) => {
    scan.addPasswordOf((req as Request).body);
    const [body] = args;
    if (typeof body === 'string' || Buffer.isBuffer(body)) {
      scan.addOutput(body.toString());
      // A page for an unknown path is no error of the API.
      if (!String(res.getHeader('Content-Type')).startsWith('text/html'))
        codeless.push(...errorsWithoutCode(res.statusCode, body.toString()));
    }
    return end(...args);
  }) as typeof res.end;
}
