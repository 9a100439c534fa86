import { endpoints, needsFresh } from '../../../test/endpoints';
import { password, useService } from '../../../test/service';

const service = useService({ mailing: 'waiting' });
type Browser = ReturnType<typeof service.browser>;

const freshSeconds = 600;
const refusal = {
  errors: [{ message: 'Confirm your password first', code: 'fresh_authentication_required' }],
};
const guarded = endpoints.filter(([, , caller]) => caller !== 'anyone');
const mattering = guarded.filter(([method, path]) => needsFresh[`${method} ${path}`]);

let accounts = 0;
const newAdmin = () => service.signedUpAdmin(`admin-${++accounts}@example.com`);
const newUser = () => service.signedUp(`user-${++accounts}@example.com`);

const endOthers = (browser: Browser) => browser.delete('/api/users/sessions');
const confirm = (browser: Browser, supplied: unknown = password) =>
  browser.post('/api/users/me/confirm-password').send({ password: supplied });

/** A new user with a session that is not fresh any more. */
async function staleUser(): Promise<Browser> {
  const browser = await newUser();
  service.advance(freshSeconds);
  await endOthers(browser).expect(401, refusal);
  return browser;
}

describe('fresh authentication', () => {
  it('is decided on for each endpoint of a user or an admin', () => {
    const listed = guarded.map(([method, path]) => `${method} ${path}`);
    expect(Object.keys(needsFresh).sort()).toEqual(listed.sort());
  });

  it.each(guarded)(
    '%s %s is refused after ten minutes if the table says so',
    async (method, path, _caller, body = {}) => {
      const browser = await newAdmin();
      const call = async () => (await browser[method](`/api/users${path}`).send(body)).body as unknown;
      service.advance(freshSeconds);
      if (needsFresh[`${method} ${path}`]) expect(await call()).toEqual(refusal);
      else expect(await call()).not.toEqual(refusal);
      // The refusal changes nothing: the same session does it once the password is confirmed.
      const answer = await confirm(browser);
      if (answer.status === 204) expect(await call()).not.toEqual(refusal);
    },
  );

  it.each(mattering)(
    '%s %s is not refused before the ten minutes are over',
    async (method, path, _caller, body = {}) => {
      const browser = await newAdmin();
      service.advance(freshSeconds - 30);
      const response = await browser[method](`/api/users${path}`).send(body);
      expect(response.body).not.toEqual(refusal);
    },
  );

  it.each(mattering)(
    '%s %s says 401 to nobody and 403 to no admin first, and 400, 404 and 409 last',
    async (method, path, caller) => {
      const browser = await newUser();
      service.advance(freshSeconds);
      const call = (by: Browser) => by[method](`/api/users${path}`).send({ version: 'none' });
      const { body } = await call(service.browser()).expect(401);
      expect(body).toMatchObject({ errors: [{ code: 'not_authorized' }] });
      await call(browser).expect(caller === 'admin' ? 403 : 401);
      const admin = await newAdmin();
      service.advance(freshSeconds);
      await call(admin).expect(401, refusal);
    },
  );

  it('lasts ten minutes from a confirmed password', async () => {
    const browser = await staleUser();
    await confirm(browser).expect(204);
    service.advance(freshSeconds - 30);
    // The JWT has expired by now.
    await browser.get('/api/users/currentuser').expect(200);
    await endOthers(browser).expect(204);
    service.advance(30);
    await endOthers(browser).expect(401, refusal);
  });

  it('does not come from a wrong password', async () => {
    const browser = await staleUser();
    const { body } = await confirm(browser, 'not the password').expect(400);
    const error = { message: 'Invalid credentials', code: 'invalid_credentials', field: 'password' };
    expect(body).toEqual({ errors: [error] });
    await endOthers(browser).expect(401, refusal);
  });

  it('belongs to one session: that of another browser stays as it is', async () => {
    const email = 'two-browsers@example.com';
    const [first, second] = [await service.signedUp(email), service.browser()];
    service.advance(freshSeconds);
    await second.post('/api/users/signin').send({ email, password }).expect(200);
    await endOthers(first).expect(401, refusal);
    await confirm(second).expect(204);
    await endOthers(first).expect(401, refusal);
  });

  it('does not come from renewals', async () => {
    const browser = await newUser();
    for (let n = 0; n < 2; n += 1) {
      service.advance(freshSeconds - 60);
      const renewed = await browser.get('/api/users/currentuser').expect(200);
      expect(renewed.get('Set-Cookie')).toHaveLength(1);
    }
    await endOthers(browser).expect(401, refusal);
  });

  it('comes from a changed password, and not from the end of other sessions', async () => {
    const browser = await staleUser();
    const change = { currentPassword: password, password: 'battery staple horse' };
    await browser.put('/api/users/me/password').send(change).expect(204);
    service.advance(freshSeconds - 30);
    await endOthers(browser).expect(204);
    service.advance(30);
    await endOthers(browser).expect(401, refusal);
  });

  it('is not needed to end the own session', async () => {
    const browser = await staleUser();
    const { body } = await browser.get('/api/users/sessions').expect(200);
    const [{ id }] = (body as { sessions: [{ id: string }] }).sessions;
    await browser.delete(`/api/users/sessions/${id}x`).expect(401, refusal);
    await browser.delete(`/api/users/sessions/${id}`).expect(204);
  });

  it('counts from the sign-in where the previous version began the session', async () => {
    const browser = await newUser();
    const { body } = await browser.get('/api/users/sessions').expect(200);
    const [{ id }] = (body as { sessions: [{ id: string }] }).sessions;
    await service.sessions.updateOne({ _id: id }, { $unset: { passwordAt: 1 } });
    service.advance(freshSeconds - 30);
    await endOthers(browser).expect(204);
    service.advance(30);
    await endOthers(browser).expect(401, refusal);
    await confirm(browser).expect(204);
    await endOthers(browser).expect(204);
  });
});

it('a password is not confirmed for a session that has ended meanwhile', async () => {
  const browser = await newUser();
  const { body } = await browser.get('/api/users/sessions').expect(200);
  const [{ id }] = (body as { sessions: [{ id: string }] }).sessions;
  const session = await service.sessions.findById(id).lean().orFail();
  await service.sessions.end([id], service.now());
  const later = new Date(service.now().getTime() + 1000);
  expect(await service.sessions.confirm(session, later)).toBe(false);
  expect((await service.sessions.findById(id).lean())?.passwordAt).toEqual(session.passwordAt);
});
