import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import jsonwebtoken from 'jsonwebtoken';
import { jwtFrom, sessionCookieOf } from '../test/cookies';
import { follow, type RunningProcess } from '../test/process';
import { password, useService } from '../test/service';
import { makeSigningKey } from '../services/keys/signing-key';

const service = useService({ mailing: 'off' });
const root = path.resolve(__dirname, '../..');
const page = readFileSync(path.join(root, 'docs/siblings.md'), 'utf8');
const email = 'sibling@example.com';

/** Another service, which has the middleware of the page and tells whom it sees. */
const sibling = `
import express from 'express';
import { currentUser } from './current-user.mjs';
const app = express();
app.use(currentUser({ jwksUrl: process.env.JWKS_URL, issuer: 'test-issuer' }));
app.get('/', (req, res) => res.send({ user: req.currentUser ?? null }));
app.use((error, req, res, next) => res.status(503).send({}));
const server = app.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
`;

let folder: string;
const started: RunningProcess[] = [];
let url: string;
let jwt: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'sibling-'));
  await symlink(path.join(root, 'node_modules'), path.join(folder, 'node_modules'), 'dir');
  await writeFile(path.join(folder, 'current-user.mjs'), /\`\`\`js\n([^]*?)\`\`\`/.exec(page)?.[1] ?? '');
  await writeFile(path.join(folder, 'sibling.mjs'), sibling);
  url = await start(`${service.url}/api/users/.well-known/jwks.json`);
  jwt = jwtFrom(await service.api().post('/api/users/signup').send({ email, password })) ?? '';
});
afterAll(async () => {
  for (const { child } of started) child.kill('SIGKILL');
  await Promise.all(started.map(({ ended }) => ended));
  await rm(folder, { recursive: true, force: true });
});

async function start(JWKS_URL: string): Promise<string> {
  const env = { PATH: process.env['PATH'], JWKS_URL };
  const running = follow(spawn(process.execPath, ['sibling.mjs'], { cwd: folder, env }));
  started.push(running);
  const { port } = JSON.parse(await running.line(/"port"/)) as { port: number };
  return `http://127.0.0.1:${port}`;
}

/** Whom the sibling sees. */
async function seen(cookie: string, at = url) {
  const response = await fetch(at, { headers: { Cookie: cookie } });
  expect(response.status).toBe(200);
  const { user } = (await response.json()) as { user: { email: string } | null };
  return user;
}
const signed = (change: object, key = service.key, header: object = {}): string => {
  const decoded = jsonwebtoken.decode(jwt, { complete: true });
  const payload = { ...(decoded?.payload as object), ...change };
  return jsonwebtoken.sign(payload, key, {
    algorithm: 'ES256',
    header: { ...decoded?.header, ...header } as never,
  });
};

describe('the middleware of docs/siblings.md, with jose', () => {
  it('sees who is signed in, and every claim', async () => {
    expect(await seen(sessionCookieOf({ jwt }))).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{24}$/),
      email,
      role: 'user',
      sid: expect.any(String),
      gen: 0,
      iss: 'test-issuer',
      aud: 'ticketing',
      iat: expect.any(Number),
      exp: expect.any(Number),
    });
  });

  it('reads the cookie percent-encoded, quoted, among others, and the newest of several', async () => {
    const [, value = ''] = sessionCookieOf({ jwt }).split(/session=/);
    const older = sessionCookieOf({ jwt: signed({ iat: 1, email: 'older@example.com' }) });
    for (const cookie of [
      `session=${encodeURIComponent(value)}`,
      `session="${value}"`,
      `a=b; session=${value}; c=d`,
      `${older}; session=${value}`,
      `session=${value}; ${older}`,
      `session=nonsense; session=${value}`,
    ])
      expect(await seen(cookie)).toMatchObject({ email });
  });

  it('S21 S22 S23 S24 sees nobody without a valid JWT', async () => {
    const now = Math.floor(Date.now() / 1000);
    const [header = '', payload = '', signature = ''] = jwt.split('.');
    const none = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
    for (const text of [
      '',
      'text',
      `${header}.${payload}.`,
      `${none}.${payload}.`,
      `${header}.${payload}.${signature.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'))}`,
      signed({ exp: now - 60 }),
      signed({ iss: 'https://evil.example' }),
      signed({ aud: 'another' }),
      signed({}, makeSigningKey()),
      signed({}, service.key, { kid: 'k'.repeat(43) }),
    ])
      expect([text, await seen(sessionCookieOf({ jwt: text }))]).toEqual([text, null]);
    for (const cookie of ['', 'session=', 'session=e30', 'session=%', sessionCookieOf({ jwt: { $gt: '' } })])
      expect(await seen(cookie)).toBeNull();
  });

  it('S23 sees nobody in a JWT that names no key, also where several keys are published', async () => {
    await service.keys.store.rotate();
    await service.keyRing.read();
    const fresh = await start(`${service.url}/api/users/.well-known/jwks.json`);
    const unnamed = sessionCookieOf({ jwt: signed({}, service.key, { kid: undefined }) });
    expect(await seen(unnamed, fresh)).toBeNull();
    expect(await seen(`${unnamed}; ${sessionCookieOf({ jwt })}`, fresh)).toMatchObject({ email });
  });

  it('verifies JWTs of the next key, and those of the one before', async () => {
    const email = 'next@example.com';
    const { next } = await service.keys.store.rotate();
    await service.keyring.updateOne({ 'keys.kid': next.kid }, { 'keys.$.signsFrom': new Date() });
    await service.keyRing.read();
    const response = await service.api().post('/api/users/signup').send({ email, password }).expect(201);
    const later = jwtFrom(response) ?? '';
    expect(jsonwebtoken.decode(later, { complete: true })?.header.kid).toBe(next.kid);
    const fresh = await start(`${service.url}/api/users/.well-known/jwks.json`);
    expect(await seen(sessionCookieOf({ jwt: later }), fresh)).toMatchObject({ email });
    expect(await seen(sessionCookieOf({ jwt }), fresh)).not.toBeNull();
  });

  it('says so where the keys can not be read', async () => {
    const alone = await start('http://127.0.0.1:9/');
    expect((await fetch(alone, { headers: { Cookie: sessionCookieOf({ jwt }) } })).status).toBe(503);
    expect((await fetch(alone)).status).toBe(200);
  });
});
