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
import { Password } from '../services/password';
import { createServices } from '../services/services';
import { Tokens } from '../services/tokens';
import { freshDatabase } from './database';
import { SecretScan } from './secrets';

/** A cost for tests: the form and the way of the real one, in a millisecond. */
export const cheapCost = { ln: 4, r: 8, p: 1 };
export const hour = 60 * 60;
export const day = 24 * hour;

export interface TestService extends Collections {
  url: string;
  server: Server;
  connection: Connection;
  passwords: Password;
  key: KeyObject;
  tokens: Tokens;
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
export function useService(options: Partial<AppDeps> & { hashing?: Partial<HashLimits> } = {}): TestService {
  const service = {} as TestService;
  const scan = new SecretScan();
  beforeAll(async () => {
    Object.assign(service, await startService(options, scan));
  });
  afterAll(async () => {
    service.server.closeAllConnections();
    await new Promise((resolve) => service.server.close(resolve));
    await service.connection.dropDatabase();
    await service.connection.close();
    for (const line of service.logs) scan.said(JSON.stringify(line));
    expect(scan.leaks()).toEqual([]);
  });
  return service;
}

interface HashLimits {
  concurrency: number;
  queue: number;
}

async function startService(
  { hashing, ...options }: Parameters<typeof useService>[0] & object,
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
  const services = createServices({
    collections: prepared,
    transact: transactions(connection),
    passwords,
    tokens,
    limits,
    now,
  });
  const app = buildApp({
    ...services,
    logger,
    publicUrl: new URL('http://localhost:3000'),
    trustedProxies: 1,
    ...options,
  });
  const server = createHttpServer((req, res) => {
    record(req, res, scan);
    app(req, res);
  });
  const url = `http://127.0.0.1:${await listen(server, 0)}`;
  const browser = (): ReturnType<typeof request.agent> => request.agent(url);
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
    signedUp,
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
