import { readFileSync } from 'node:fs';
import path from 'node:path';
import { profileSchema } from '../models/profile';
import { endpoints, member, queryParameters, routesOf, type Caller } from '../test/endpoints';
import { errorsWithoutCode } from '../test/responses';
import { password, useService } from '../test/service';

const service = useService();
type Browser = ReturnType<typeof service.browser>;

const endpointsFor = (...callers: Caller[]) =>
  endpoints.flatMap(([method, path, caller]) =>
    callers.includes(caller) ? ([[method, path]] as const) : [],
  );
const endpointsWithBody = endpoints.flatMap(([method, path, caller, body]) =>
  body ? ([[method, path, caller, body]] as const) : [],
);
const fields = endpointsWithBody.flatMap(([method, path, caller, body]) =>
  Object.keys(body).map((field) => [method, path, field, caller, body] as const),
);

let browsers: Record<Caller, Browser>;
beforeAll(async () => {
  const [user, admin] = [await service.signedUp(member), await service.signedUpAdmin('admin@example.com')];
  browsers = { anyone: service.browser(), user, admin };
});
// Sending a pending mail changes documents, and so does MongoDB when it removes slots that are over: both would disturb
// the comparisons.
beforeEach(async () => {
  await service.mailSettled();
  await service.mailSlots.deleteMany();
  await service.auditTrail.flush();
});

const operators = [{ $gt: '' }, { $ne: null }, { $regex: '.*' }, { $where: 'true' }, { $in: ['a', 'b'] }];
const wrongTypes = [{}, [], ['a', 'b'], [true], [0]];
// F9: null removes what can be absent.
const removable = Object.keys(profileSchema);
const wrongValuesFor: Record<string, unknown[]> = {
  number: ['0', true, -1, 0.5],
  boolean: ['true', 'false', 0, 1],
  string: [0, 12345678, true],
};

describe('the list of endpoints in these tests', () => {
  it('contains every route of the app and no other', () => {
    const routes = routesOf(service.app);
    const listed = endpoints.map(([method, path]) => {
      const route = routes.find(({ matches }) => matches(path));
      return `${method} ${route?.path ?? path}`;
    });
    const served = routes.flatMap(({ path, methods }) => methods.map((method) => `${method} ${path}`));
    expect(listed.sort()).toEqual(served.sort());
  });

  it('contains every parameter of a query', () => {
    const source = readFileSync(path.resolve(__dirname, '../routes/fields.ts'), 'utf8');
    const read = [...source.matchAll(/\b(?:parameter|time)\(\s*'(\w+)'/g)].map(([, name]) => name);
    const listed = new Set(queryParameters.map(([, , , name]) => name));
    expect([...listed].sort()).toEqual([...new Set(read)].sort());
  });
});

describe('the endpoint', () => {
  it.each(endpointsFor('user', 'admin'))(
    '%s %s answers 401 to callers who are not signed in',
    async (method, path) => {
      const response = await browsers.anyone[method](`/api/users${path}`).send({}).expect(401);
      expect(response.body).toEqual({ errors: [{ message: 'Not authorized', code: 'not_authorized' }] });
    },
  );

  it.each(endpointsFor('admin'))('%s %s answers 403 to users who are not admins', async (method, path) => {
    const response = await browsers.user[method](`/api/users${path}`).send({}).expect(403);
    expect(response.body).toEqual({ errors: [{ message: 'Forbidden', code: 'forbidden' }] });
  });

  it.each(fields)(
    'S1 S2 S3 %s %s refuses every wrong type of %s with 400 and changes nothing',
    async (method, path, field, caller, body) => {
      const before = await service.everything();
      const values = [...operators, ...wrongTypes, ...(wrongValuesFor[typeof body[field]] ?? [])];
      for (const value of removable.includes(field) ? values : [...values, null]) {
        const response = await browsers[caller][method](`/api/users${path}`).send({
          ...body,
          [field]: value,
        });
        expect({ value, status: response.status, ...response.body }).toEqual({
          value,
          status: 400,
          errors: [{ message: expect.any(String), code: expect.any(String), field }],
        });
        expect(response.get('Set-Cookie')).toBeUndefined();
      }
      expect(await service.everything()).toEqual(before);
    },
  );

  it.each(endpointsWithBody)(
    'S7 S35 %s %s refuses other content types, long bodies and foreign origins',
    async (method, path, caller, body) => {
      const before = await service.everything();
      const newRequest = () => browsers[caller][method](`/api/users${path}`);
      await newRequest().type('text/plain').send(JSON.stringify(body)).expect(415);
      await newRequest()
        .send({ ...body, filler: 'x'.repeat(16 * 1024) })
        .expect(413);
      await newRequest().set('Origin', 'https://evil.example').send(body).expect(403);
      await newRequest().set('Sec-Fetch-Site', 'cross-site').send(body).expect(403);
      expect(await service.everything()).toEqual(before);
    },
  );

  it.each(queryParameters)(
    'F7 %s %s for an %s takes an empty %s for none, and refuses a list and an object',
    async (method, path, caller, name) => {
      const answer = (query: string) => browsers[caller][method](`/api/users${path}?${query}`);
      const { body } = await answer('').expect(200);
      await answer(`${name}=`).expect(200, body);
      const names = new Set(queryParameters.map(([, , , other]) => other));
      await answer([...names].map((other) => `${other}=`).join('&')).expect(200, body);
      for (const query of [`${name}=&${name}=`, `${name}[]=`, `${name}[$gt]=`, `${name}[a][b]=`]) {
        const refused = await answer(query).expect(400);
        expect(refused.body.errors).toEqual([
          { message: expect.any(String), code: expect.stringMatching(/_invalid$/), field: name },
        ]);
      }
    },
  );

  it.each(endpoints)('%s %s has a code in every error', async (method, path, caller, body = {}) => {
    const request = (by: Caller = caller) => browsers[by][method](`/api/users${path}`);
    const json = () => request().type('application/json');
    const failures = [
      json().send('{"email":'),
      json().send('"text"'),
      json().send(`{"filler":"${'x'.repeat(16 * 1024)}"}`),
      json().set('Content-Encoding', 'gzip').send('{}'),
      json().set('Content-Encoding', 'zstd').send('{}'),
      request().type('application/json; charset=latin1').send('{}'),
      request().type('text/plain').send('text'),
      ...(method === 'get' ? [] : [request().set('Origin', 'https://evil.example').send(body)]),
      ...(caller === 'anyone' ? [] : [request('anyone').send(body)]),
      ...(caller === 'admin' ? [request('user').send(body)] : []),
      request().query('limit=0').send({ version: -1 }),
      browsers.admin.trace(`/api/users${path}`),
      browsers.admin[method](`/api/users${path}/%ff`),
    ];
    for (const failure of failures) {
      const { status, text } = await failure;
      expect(errorsWithoutCode(status, text)).toEqual([]);
    }
  });

  it.each([...new Set(endpoints.map(([, path]) => path))])(
    'S8 %s refuses other methods with 405 and lists its own',
    async (path) => {
      const own = endpoints.flatMap(([method, at]) => (at === path ? [method.toUpperCase()] : []));
      for (const method of (['get', 'post', 'put', 'patch', 'delete'] as const).filter(
        (other) => !own.includes(other.toUpperCase()),
      )) {
        const response = await browsers.admin[method](`/api/users${path}`).expect(405);
        expect(response.body).toEqual({
          errors: [{ message: 'Method Not Allowed', code: 'method_not_allowed' }],
        });
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

describe('an endpoint that changes an account', () => {
  it('S5 ignores fields that it does not define', async () => {
    const email = 'greedy@example.com';
    const browser = await service.signedUp(email);
    const before = await service.users.findOne({ email }).lean().orFail();
    const extraFields = {
      role: 'admin',
      disabled: true,
      _id: '0'.repeat(24),
      id: '0'.repeat(24),
      version: 70,
      generation: 70,
      createdAt: '2001-01-01T00:00:00Z',
      extra: 'x',
    };
    const passwordChange = { ...extraFields, currentPassword: password, password };
    await browser.put('/api/users/me/password').send(passwordChange).expect(204);
    const emailChange = { ...extraFields, email: 'greedy-new@example.com', password };
    await browser.put('/api/users/me/email').send(emailChange).expect(202);
    await service.api().post('/api/users/password-reset').send({ email }).expect(202);
    const token = await service.tokenTo(email, 'Reset');
    const reset = { ...extraFields, token, password };
    await service.api().post('/api/users/password-reset/confirm').send(reset).expect(204);
    expect(await service.users.findOne({ email }).lean()).toEqual({
      ...before,
      password: expect.any(String),
      emailVerified: true,
      updatedAt: expect.any(Date),
      // Three changes, of which two ended sessions.
      version: 3,
      generation: 2,
      ended: {
        'password-reset': { count: 2, at: expect.any(Date) },
        'email-change': { count: 3, at: expect.any(Date) },
        devices: { count: 1, at: expect.any(Date) },
      },
    });
  });
});
