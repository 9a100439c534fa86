import fc from 'fast-check';
import { securityHeaders } from '../middlewares/security-headers';
import { jwtFrom, sessionCookieOf } from '../test/cookies';
import { hostileRequest } from '../test/hostile';
import { responsesIn, sendRaw, type RawResponse } from '../test/raw';
import { errorsWithoutCode } from '../test/responses';
import { password, type TestService } from '../test/service';

// Some requests end the account or the session that they come from.
const requestsPerAccount = 20;

/** Sends hostile requests to every endpoint. A failure names the seed, the path and the request. */
export async function expectRobust(service: TestService, numRuns: number): Promise<void> {
  let sent = 0;
  let cookies: Record<string, string> = {};
  let userId = '';

  async function signUp(email: string): Promise<string> {
    const response = await service.api().post('/api/users/signup').send({ email, password }).expect(201);
    userId = (response.body as { id: string }).id;
    return sessionCookieOf({ jwt: jwtFrom(response) });
  }

  async function newAccounts(): Promise<void> {
    const admin = `admin-${sent}@hostile.example`;
    cookies = { admin: await signUp(admin), user: await signUp(`user-${sent}@hostile.example`) };
    await service.users.updateOne({ email: admin }, { role: 'admin' });
  }

  const property = fc.asyncProperty(hostileRequest, async (request) => {
    if (sent++ % requestsPerAccount === 0) await newAccounts();
    const bytes = request.bytes(cookies, userId);
    const received = await sendRaw(service.url, bytes, { end: request.cut });
    const responses = responsesIn(received, request.method);
    const problems = responses.flatMap((response) => problemsOf(response, request.method));
    if (responses.length === 0 && !request.cut) problems.push('no response');
    if (problems.length > 0)
      throw new Error(`${problems.join(', ')}\n${bytes.toString('latin1').slice(0, 2000)}`);
  });
  await fc.assert(property, { numRuns });

  await service.api().get('/api/users/currentuser').expect(200, { currentUser: null });
  expect(service.logs.filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([]);
}

function problemsOf({ status, headers, body }: RawResponse, method: string): string[] {
  // The public keys: the one response that may be stored.
  const isStorable = headers.has('etag') && [200, 304].includes(status);
  const expected = {
    ...securityHeaders,
    'X-Request-Id': headers.get('x-request-id') ?? 'any',
    ...(isStorable && { 'Cache-Control': 'public, max-age=225' }),
  };
  const missing = Object.entries(expected).filter(
    ([name, value]) => headers.get(name.toLowerCase()) !== value,
  );
  const isError = !isStorable && (status < 200 || status >= 300);
  return [
    ...(status >= 500 ? [`status ${status}`] : []),
    ...missing.map(([name]) => `${name} is missing or different`),
    ...(isError && (method !== 'HEAD' || body !== '')
      ? errorsWithoutCode(status, body).map((error) => `no code: ${JSON.stringify(error)}`)
      : []),
  ];
}
