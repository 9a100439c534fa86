import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Request } from 'express';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Connection } from 'mongoose';
import request from 'supertest';
import { buildApp, type AppDeps } from '../app';
import { createLogger } from '../logger';
import { prepareCollections, type Collections } from '../models/collections';
import { connectDatabase, transactions } from '../models/database';
import { createHttpServer, listen } from '../server';
import type { MailWorker } from '../services/mail-worker';
import { Password } from '../services/password';
import { PasswordRules } from '../services/password-rules';
import { createServices } from '../services/services';
import { Tokens } from '../services/tokens';
import { startInbox, type Inbox, type ReceivedMail } from '../../dev/inbox';
import { freshDatabase } from './database';
import { until } from './process';
import { SecretScan } from './secrets';

/** A cost for tests: the form and the way of the real one, in a millisecond. */
export const cheapCost = { ln: 4, r: 8, p: 1 };
export const hour = 60 * 60;
export const day = 24 * hour;

export interface TestService extends Collections {
  url: string;
  server: Server;
  worker: MailWorker | undefined;
  connection: Connection;
  passwords: Password;
  key: KeyObject;
  tokens: Tokens;
  /** The mail server that the service sends through. */
  inbox: Inbox;
  /** Waits for a mail to that address whose subject has this in it, and takes it out of the inbox. */
  mailTo: (email: string, subject?: string) => Promise<ReceivedMail>;
  /** As `mailTo`, and answers the token in it. */
  tokenTo: (email: string, subject?: string) => Promise<string>;
  /** Resolves when every mail that waits has been sent, dropped or parked. */
  mailSettled: () => Promise<void>;
  /** Every document there is, to tell whether anything was changed. */
  everything: () => Promise<unknown[]>;
  /** Log lines so far, parsed. */
  logs: Record<string, unknown>[];
  /** Sets the service's clock forward. */
  advance: (seconds: number) => void;
  now: () => Date;
  /** A caller without cookies. */
  api: () => ReturnType<typeof request>;
  /** A browser: it keeps its cookies. */
  browser: () => ReturnType<typeof request.agent>;
  /** Signs a new user up and answers the browser that is signed in. */
  signedUp: (email: string, password?: string) => Promise<ReturnType<typeof request.agent>>;
  /** As `signedUp`, for an admin. */
  signedUpAdmin: (email: string) => Promise<ReturnType<typeof request.agent>>;
}

export const password = 'correct horse battery';

/** The real app on a real socket with a real database, for the tests of one file; checks for leaks at its end (S47). */
export function useService(options: ServiceOptions = {}): TestService {
  const service = {} as TestService;
  const scan = new SecretScan();
  beforeAll(async () => {
    Object.assign(service, await startService(options, scan));
  });
  afterAll(async () => {
    await service.worker?.stop();
    await service.inbox.close();
    service.server.closeAllConnections();
    await new Promise((resolve) => service.server.close(resolve));
    await service.connection.dropDatabase();
    await service.connection.close();
    for (const line of service.logs) scan.said(JSON.stringify(line));
    expect(scan.leaks()).toEqual([]);
  });
  return service;
}

type ServiceOptions = Partial<AppDeps> & {
  hashing?: Partial<HashLimits>;
  requireVerifiedEmail?: boolean;
  passwordProfile?: 'default' | 'strict';
  /** With `off`, the service sends no mail; with `waiting`, not until its worker is started. */
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
    ...options
  }: ServiceOptions,
  scan: SecretScan,
): Promise<TestService> {
  const logs: Record<string, unknown>[] = [];
  const logger = createLogger('debug', {
    write: (line: string) => logs.push(JSON.parse(line) as Record<string, unknown>),
  });
  let ahead = 0;
  const now = (): Date => new Date(Date.now() + ahead);

  const passwords = new Password({ cost: cheapCost, concurrency: 2, queue: 200, ...hashing });
  const { connection, prepared } = await connectDatabase(
    freshDatabase(),
    (opened) => prepareCollections(opened, (plain) => passwords.toHash(plain)),
    { logger, signal: new AbortController().signal },
  );
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const tokens = new Tokens({ key, issuer: 'test-issuer', audience: 'ticketing', ttlSeconds: 900, now });
  const limits = { idleSeconds: 7 * day, maxSeconds: 30 * day };
  const inbox = await startInbox({ smtpPort: 0, pagePort: 0 });
  const publicUrl = new URL('http://localhost:3000');
  const services = createServices({
    collections: prepared,
    transact: transactions(connection),
    passwords,
    passwordRules: new PasswordRules({ profile: passwordProfile }),
    tokens,
    limits,
    requireVerifiedEmail,
    ...(mailing !== 'off' && {
      mail: {
        ...{ url: new URL(inbox.smtpUrl), from: 'ticketing <no-reply@ticketing.dev>', publicUrl },
        ...{ pollMs: 10, firstRetryMs: 50 },
      },
    }),
    logger,
    now,
  });
  const worker = services.mail?.worker;
  if (mailing === 'on') worker?.start();
  const app = buildApp({
    ...services,
    logger,
    signupMode: 'open',
    publicUrl,
    trustedProxies: 1,
    ...options,
  });
  const server = createHttpServer((req, res) => {
    record(req, res, scan);
    app(req, res);
  });
  const url = `http://127.0.0.1:${await listen(server, 0)}`;
  const browser = (): ReturnType<typeof request.agent> => request.agent(url);
  const mailTo: TestService['mailTo'] = async (email, subject = '') => {
    const mail = await inbox.take((received) => received.to === email && received.subject.includes(subject));
    // A token in a log line or an answer would give the account away as a password does (S47).
    if (mail.token !== undefined) scan.used({ password: mail.token });
    return mail;
  };
  const signedUp: TestService['signedUp'] = async (email, secret = password) => {
    const agent = browser();
    await agent.post('/api/users/signup').send({ email, password: secret }).expect(201);
    return agent;
  };
  return {
    ...{ url, server, connection, passwords, key, tokens, logs, now, browser, ...prepared },
    advance: (seconds) => {
      ahead += seconds * 1000;
    },
    api: () => request(url),
    ...{ inbox, worker, mailTo, signedUp },
    tokenTo: async (email, subject) => (await mailTo(email, subject)).token ?? '',
    mailSettled: () => until(async () => !(await prepared.mails.exists({ status: 'pending' }))),
    everything: () =>
      Promise.all([
        prepared.users.find().sort({ _id: 1 }).lean(),
        prepared.sessions.find().sort({ _id: 1 }).lean(),
        prepared.mails.find().sort({ _id: 1 }).lean(),
        prepared.actionTokens.find().sort({ _id: 1 }).lean(),
      ]),
    signedUpAdmin: async (email) => {
      const agent = await signedUp(email);
      await prepared.users.updateOne({ email }, { role: 'admin' });
      return agent;
    },
  };
}

function record(req: IncomingMessage, res: ServerResponse, scan: SecretScan): void {
  const end = res.end.bind(res) as (...args: unknown[]) => ServerResponse;
  res.end = ((...args: unknown[]) => {
    scan.used((req as Request).body);
    const [body] = args;
    if (typeof body === 'string' || Buffer.isBuffer(body)) scan.said(body.toString());
    return end(...args);
  }) as typeof res.end;
}
