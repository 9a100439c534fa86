import { password, useService } from '../test/service';

const service = useService();
type Browser = ReturnType<typeof service.browser>;
type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
type Caller = 'anyone' | 'user' | 'admin';
type Body = Record<string, unknown>;

const email = 'contract@example.com';
const token = 'a'.repeat(43);
const someId = '/0123456789abcdef01234567';

/** Every endpoint: whom it is for, and a body that is sound. What each answers is in the tests of its route. */
const endpoints: readonly [Method, string, Caller, Body?][] = [
  ['post', '/signup', 'anyone', { email, password, name: 'Ada' }],
  ['post', '/signin', 'anyone', { email, password }],
  ['post', '/signout', 'anyone', {}],
  ['get', '/currentuser', 'anyone'],
  ['get', '/sessions', 'user'],
  ['delete', '/sessions/some-id', 'user', {}],
  ['delete', '/sessions', 'user', {}],
  ['patch', '/me', 'user', { name: 'Ada', version: 0 }],
  ['put', '/me/password', 'user', { currentPassword: password, password }],
  ['put', '/me/email', 'user', { email, password }],
  ['delete', '/me', 'user', { password }],
  ['post', '/email-verification', 'user', {}],
  ['post', '/email-verification/confirm', 'anyone', { token }],
  ['post', '/password-reset', 'anyone', { email }],
  ['post', '/password-reset/confirm', 'anyone', { token, password }],
  ['get', '/', 'admin'],
  ['get', someId, 'admin'],
  ['patch', someId, 'admin', { role: 'user', disabled: false, version: 0 }],
  ['delete', someId, 'admin', {}],
  ['delete', `${someId}/sessions`, 'admin', {}],
];

const ofCaller = (...callers: Caller[]) =>
  endpoints.flatMap(([method, path, caller]) =>
    callers.includes(caller) ? ([[method, path]] as const) : [],
  );
const withBody = endpoints.flatMap(([method, path, caller, body]) =>
  body ? ([[method, path, caller, body]] as const) : [],
);
const fields = withBody.flatMap(([method, path, caller, body]) =>
  Object.keys(body).map((field) => [method, path, field, caller, body] as const),
);

let browsers: Record<Caller, Browser>;
beforeAll(async () => {
  const [user, admin] = [await service.signedUp(email), await service.signedUpAdmin('admin@example.com')];
  browsers = { anyone: service.browser(), user, admin };
});

const untouched = async () => [
  await service.users.find().sort({ _id: 1 }).lean(),
  await service.sessions.countDocuments(),
];

const operators = [{ $gt: '' }, { $ne: null }, { $regex: '.*' }, { $where: 'true' }, { $in: ['a', 'b'] }];
const wrongTypes = [{}, [], ['a', 'b'], [true], [0], null];
const otherThan: Record<string, unknown[]> = {
  number: ['0', true, -1, 0.5],
  boolean: ['true', 'false', 0, 1],
  string: [0, 12345678, true],
};

describe('of every endpoint of the contract', () => {
  it.each(ofCaller('user', 'admin'))('%s %s refuses with 401 who is not signed in', async (method, path) => {
    const response = await browsers.anyone[method](`/api/users${path}`).send({}).expect(401);
    expect(response.body).toEqual({ errors: [{ message: 'Not authorized' }] });
  });

  it.each(ofCaller('admin'))('%s %s refuses with 403 who is no admin', async (method, path) => {
    const response = await browsers.user[method](`/api/users${path}`).send({}).expect(403);
    expect(response.body).toEqual({ errors: [{ message: 'Forbidden' }] });
  });

  it.each(fields)(
    'S1 S2 S3 %s %s refuses every wrong type for %s with 400, and changes nothing',
    async (method, path, field, caller, body) => {
      const before = await untouched();
      for (const value of [...operators, ...wrongTypes, ...(otherThan[typeof body[field]] ?? [])]) {
        const response = await browsers[caller][method](`/api/users${path}`).send({
          ...body,
          [field]: value,
        });
        expect({ value, status: response.status, ...response.body }).toEqual({
          ...{ value, status: 400 },
          errors: [{ message: expect.any(String), field }],
        });
        expect(response.get('Set-Cookie')).toBeUndefined();
      }
      expect(await untouched()).toEqual(before);
    },
  );

  it.each(withBody)(
    'S7 S35 %s %s refuses other bodies and other sites',
    async (method, path, caller, body) => {
      const before = await untouched();
      const ask = () => browsers[caller][method](`/api/users${path}`);
      await ask().type('text/plain').send(JSON.stringify(body)).expect(415);
      await ask()
        .send({ ...body, filler: 'x'.repeat(16 * 1024) })
        .expect(413);
      await ask().set('Origin', 'https://evil.example').send(body).expect(403);
      await ask().set('Sec-Fetch-Site', 'cross-site').send(body).expect(403);
      expect(await untouched()).toEqual(before);
    },
  );

  it.each([...new Set(endpoints.map(([, path]) => path))])(
    'S8 %s refuses other methods with 405, and names its own',
    async (path) => {
      const own = endpoints.flatMap(([method, at]) => (at === path ? [method.toUpperCase()] : []));
      for (const method of (['get', 'post', 'put', 'patch', 'delete'] as const).filter(
        (other) => !own.includes(other.toUpperCase()),
      )) {
        const response = await browsers.admin[method](`/api/users${path}`).expect(405);
        expect(response.body).toEqual({ errors: [{ message: 'Method Not Allowed' }] });
        expect(
          response
            .get('Allow')
            ?.split(', ')
            .filter((allowed) => allowed !== 'HEAD')
            .sort(),
        ).toEqual(own.sort());
      }
    },
  );
});
