import { password, useService } from '../../test/service';

const service = useService();
type Browser = ReturnType<typeof service.browser>;

const invalid = { errors: [{ message: 'Invalid or expired token', field: 'token' }] };
const inUse = { errors: [{ message: 'Email in use', field: 'token' }] };
const stored = (email: string) => service.users.findOne({ email }).lean().orFail();
const confirm = (token: string) =>
  service.api().post('/api/users/email-verification/confirm').send({ token });
const change = (browser: Browser, email: string) =>
  browser.put('/api/users/me/email').send({ email, password }).expect(202);
const askReset = (email: string) =>
  service.api().post('/api/users/password-reset').send({ email }).expect(202);
const reset = (token: string, secret: string) =>
  service.api().post('/api/users/password-reset/confirm').send({ token, password: secret });
const signin = (email: string, secret = password) =>
  service.api().post('/api/users/signin').send({ email, password: secret });

/** An account that somebody who knows its password has moved from the owner's address to another. */
async function stolen(name: string) {
  const [owner, thief] = [`${name}@example.com`, `${name}-thief@example.com`];
  const browser = await service.signedUp(owner);
  await service.mailTo(owner, 'Verify');
  await change(browser, thief);
  const wayBack = await service.tokenTo(owner, 'being changed');
  await confirm(await service.tokenTo(thief, 'Confirm')).expect(200);
  return { owner, thief, browser, wayBack };
}

describe('of the ways back to several addresses', () => {
  it("the owner's works after the thief has used another, and ends all that the thief had", async () => {
    const { owner, thief, browser, wayBack } = await stolen('robbed');
    await change(browser, 'robbed-next@example.com');
    await confirm(await service.tokenTo(thief, 'being changed')).expect(200);
    await reset(await service.tokenTo(thief, 'Reset'), 'what the thief sets').expect(204);
    const thiefs = service.browser();
    await thiefs
      .post('/api/users/signin')
      .send({ email: thief, password: 'what the thief sets' })
      .expect(200);
    await thiefs
      .put('/api/users/me/email')
      .send({ email: 'robbed-last@example.com', password: 'what the thief sets' })
      .expect(202);
    const thiefsWayBack = await service.tokenTo(thief, 'being changed');
    await askReset(thief);
    const thiefsReset = await service.tokenTo(thief, 'Reset');

    expect((await confirm(wayBack).expect(200)).body).toMatchObject({ email: owner });
    await confirm(thiefsWayBack).expect(400, invalid);
    await reset(thiefsReset, 'what the thief sets').expect(400, invalid);
    await thiefs.get('/api/users/currentuser').expect(200, { currentUser: null });
    for (const email of [owner, thief]) await signin(email, 'what the thief sets').expect(400);
    await reset(await service.tokenTo(owner, 'Reset'), 'what the owner sets').expect(204);
    await signin(owner, 'what the owner sets').expect(200);
  });

  it("the owner's ends the thief's, which had come before", async () => {
    const { owner, thief, browser, wayBack } = await stolen('before');
    await change(browser, 'before-next@example.com');
    const thiefs = await service.tokenTo(thief, 'being changed');
    await confirm(wayBack).expect(200);
    await confirm(thiefs).expect(400, invalid);
    expect((await stored(owner)).email).toBe(owner);
  });

  it("the owner's ends the thief's, whose mail still waited", async () => {
    const { thief, browser, wayBack } = await stolen('waiting');
    await service.mailSettled();
    await service.worker?.stop();
    await change(browser, 'waiting-next@example.com');
    await confirm(wayBack).expect(200);
    service.worker?.start();
    await service.mailSettled();
    expect(service.inbox.mails.filter(({ to }) => [thief, 'waiting-next@example.com'].includes(to))).toEqual(
      [],
    );
  });
});

describe('the way back to an address that somebody signed up with meanwhile', () => {
  it('removes an account that has not verified it', async () => {
    const { owner, thief, wayBack } = await stolen('squatted');
    const { _id } = await stored(thief);
    const squatter = await service.signedUp(owner);
    const squatters = await stored(owner);
    await confirm(wayBack).expect(200);
    expect((await stored(owner))._id).toEqual(_id);
    expect(await service.users.exists({ _id: squatters._id })).toBeNull();
    expect(await service.sessions.countDocuments({ user: squatters._id })).toBe(0);
    await squatter.get('/api/users/currentuser').expect(200, { currentUser: null });
  });

  it('waits for one that has, until it is closed', async () => {
    const { owner, wayBack } = await stolen('passed-on');
    const holder = await service.signedUp(owner);
    await confirm(await service.tokenTo(owner, 'Verify')).expect(200);
    await confirm(wayBack).expect(400, inUse);
    await holder.delete('/api/users/me').send({ password }).expect(204);
    await confirm(wayBack).expect(200);
  });

  it("waits for an admin's, verified or not", async () => {
    const { owner, wayBack } = await stolen('promoted');
    await service.signedUpAdmin(owner);
    await confirm(wayBack).expect(400, inUse);
    expect(await stored(owner)).toMatchObject({ role: 'admin', emailVerified: false });
  });
});

describe('the tokens of an account that an admin disables and enables', () => {
  let admin: Browser;
  beforeAll(async () => {
    admin = await service.signedUpAdmin('admin@example.com');
  });
  const setDisabled = async (email: string, disabled: boolean) => {
    const { _id, version } = await stored(email);
    await admin.patch(`/api/users/${_id.toHexString()}`).send({ disabled, version }).expect(200);
  };

  it('leave the way back, which waits meanwhile', async () => {
    const { owner, thief, wayBack } = await stolen('frozen');
    await setDisabled(thief, true);
    await confirm(wayBack).expect(400, invalid);
    await setDisabled(thief, false);
    expect((await confirm(wayBack).expect(200)).body).toMatchObject({ email: owner });
  });

  it('end with that, where they verify the address or reset the password', async () => {
    const email = 'shut@example.com';
    await service.signedUp(email);
    await askReset(email);
    const verification = await service.tokenTo(email, 'Verify');
    const resetting = await service.tokenTo(email, 'Reset');
    await setDisabled(email, true);
    await setDisabled(email, false);
    await confirm(verification).expect(400, invalid);
    await reset(resetting, password).expect(400, invalid);
  });
});
