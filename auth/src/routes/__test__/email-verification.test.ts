import { day, password, useService } from '../../test/service';

const service = useService();
const verify = 'Verify';
const confirm = (token: unknown) =>
  service.api().post('/api/users/email-verification/confirm').send({ token });
const stored = (email: string) => service.users.findOne({ email }).lean().orFail();
const invalid = { errors: [{ message: 'Invalid or expired token', field: 'token' }] };

/** A new user whose mail with the verification has come. */
async function newUser(name: string) {
  const email = `${name}@example.com`;
  const browser = await service.signedUp(email);
  return { email, browser, token: await service.tokenTo(email, verify) };
}

describe('e-mail verification', () => {
  it('sends a mail at sign-up, in text and HTML, whose token verifies the address', async () => {
    const email = 'verified@example.com';
    const browser = await service.signedUp(email);
    const mail = await service.mailTo(email);
    expect(mail).toMatchObject({
      subject: 'Verify your e-mail address',
      from: '"ticketing" <no-reply@ticketing.dev>',
      messageId: expect.stringMatching(/^<[0-9a-f]{24}@ticketing\.dev>$/),
      link: expect.stringMatching(/^http:\/\/localhost:3000\/email-verification#token=[\w-]{43}$/),
    });
    expect(mail.html).toContain(`<a href="${mail.link ?? ''}">`);
    const response = await confirm(mail.token).expect(200);
    expect(response.body).toMatchObject({ email, emailVerified: true, version: 1 });
    const shown = await browser.get('/api/users/currentuser').expect(200);
    expect(shown.body.currentUser).toEqual(response.body);
  });

  it('sends another on request, to who is signed in and not verified', async () => {
    const { browser, email } = await newUser('again');
    await browser.post('/api/users/email-verification').send({}).expect(202, {});
    await confirm(await service.tokenTo(email, verify)).expect(200);
    await browser.post('/api/users/email-verification').send({}).expect(202, {});
    await service.mailSettled();
    expect(service.inbox.mails.filter(({ to }) => to === email)).toEqual([]);
  });

  it('refuses a token that was used, and one whose sibling was', async () => {
    const { browser, email, token } = await newUser('siblings');
    await browser.post('/api/users/email-verification').send({}).expect(202);
    const sibling = await service.tokenTo(email, verify);
    await confirm(token).expect(200);
    await confirm(token).expect(400, invalid);
    await confirm(sibling).expect(400, invalid);
  });

  it('lets one of two uses at once through', async () => {
    const { token } = await newUser('twice');
    const statuses = (await Promise.all([confirm(token), confirm(token)])).map(({ status }) => status);
    expect(statuses.sort()).toEqual([200, 400]);
  });

  it('refuses a token that has expired', async () => {
    const { token } = await newUser('late');
    service.advance(day);
    await confirm(token).expect(400, invalid);
  });

  it.each([['unknown'], [''], ['a'.repeat(43)], ['a'.repeat(10_000)], ['\u0000']])(
    'refuses the guessed token %j like any other',
    async (token) => {
      await confirm(token).expect(400, invalid);
    },
  );

  it('refuses the token of another purpose, and leaves it whole', async () => {
    const { email } = await newUser('crossed');
    await service.api().post('/api/users/password-reset').send({ email }).expect(202);
    const reset = await service.tokenTo(email, 'Reset');
    await confirm(reset).expect(400, invalid);
    await service
      .api()
      .post('/api/users/password-reset/confirm')
      .send({ token: reset, password })
      .expect(204);
  });

  it("verifies its own user's address and nobody else's", async () => {
    const [one, two] = [await newUser('mine'), await newUser('yours')];
    await confirm(one.token).expect(200);
    expect((await stored(two.email)).emailVerified).toBe(false);
  });

  it('refuses the token of a user who was disabled or deleted meanwhile', async () => {
    const [disabled, deleted] = [await newUser('disabled'), await newUser('deleted')];
    await service.users.updateOne({ email: disabled.email }, { disabled: true });
    await confirm(disabled.token).expect(400, invalid);
    await deleted.browser.delete('/api/users/me').send({ password }).expect(204);
    await confirm(deleted.token).expect(400, invalid);
  });

  it('keeps of a token its hash alone, and of a mail that was sent no word', async () => {
    const { email, token } = await newUser('hashed');
    await service.mailSettled();
    const { _id } = await stored(email);
    const kept = JSON.stringify([
      await service.actionTokens.find({ user: _id }).lean(),
      await service.mails.find({ user: _id }).lean(),
    ]);
    expect(kept).not.toContain(token);
    expect(kept).toMatch(/"_id":"[0-9a-f]{64}"/);
    expect(kept).toContain('"status":"sent"');
  });

  it('has MongoDB remove expired tokens and old mails', async () => {
    for (const model of [service.actionTokens, service.mails]) {
      expect(await model.collection.indexes()).toContainEqual(
        expect.objectContaining({ key: { expiresAt: 1 }, expireAfterSeconds: 0 }),
      );
    }
  });
});

describe('PUT /api/users/me/email', () => {
  const change = (browser: ReturnType<typeof service.browser>, body: object) =>
    browser.put('/api/users/me/email').send(body);
  const emailOf = async (browser: ReturnType<typeof service.browser>): Promise<unknown> =>
    (await browser.get('/api/users/currentuser').expect(200)).body.currentUser?.email;

  it('takes effect when it is confirmed from the new address, and tells the old one', async () => {
    const { browser, email } = await newUser('old');
    await change(browser, { email: ' New@Example.com', password }).expect(202, {});
    expect(await emailOf(browser)).toBe(email);
    const notice = await service.mailTo(email, 'being changed');
    expect(notice.text).toContain('new@example.com');
    const response = await confirm(await service.tokenTo('new@example.com', 'Confirm')).expect(200);
    expect(response.body).toMatchObject({ email: 'new@example.com', emailVerified: true });
    expect(await emailOf(browser)).toBe('new@example.com');
    const signin = (address: string) =>
      service.api().post('/api/users/signin').send({ email: address, password });
    await signin(email).expect(400);
    await signin('new@example.com').expect(200);
  });

  it('names an address in HTML as it is', async () => {
    const { browser, email } = await newUser('escaped');
    await change(browser, { email: 'a&b@example.com', password }).expect(202);
    const { text, html } = await service.mailTo(email, 'being changed');
    expect(text).toContain('to a&b@example.com.');
    expect(html).toContain('to a&amp;b@example.com.');
  });

  it('refuses without the password, a malformed address, and who is not signed in', async () => {
    const { browser } = await newUser('guarded');
    const wrong = await change(browser, { email: 'x@example.com', password: 'wrong password' }).expect(400);
    expect(wrong.body).toEqual({ errors: [{ message: 'Invalid credentials', field: 'password' }] });
    const malformed = await change(browser, { email: 'x', password }).expect(400);
    expect(malformed.body.errors).toEqual([{ message: 'Email must be valid', field: 'email' }]);
    await change(service.browser(), { email: 'x@example.com', password }).expect(401);
  });

  it('says nothing of an address that somebody has, and writes nothing to it', async () => {
    const { email: taken } = await newUser('taken');
    const { browser, email } = await newUser('prober');
    await change(browser, { email: taken, password }).expect(202, {});
    await service.mailTo(email, 'being changed');
    await service.mailSettled();
    expect(service.inbox.mails.filter(({ to }) => to === taken)).toEqual([]);
  });

  it('answers 400 where somebody has come by the address meanwhile', async () => {
    const { browser, email } = await newUser('slow');
    await change(browser, { email: 'contested@example.com', password }).expect(202);
    const token = await service.tokenTo('contested@example.com', 'Confirm');
    await service.signedUp('contested@example.com');
    const response = await confirm(token).expect(400);
    expect(response.body).toEqual({ errors: [{ message: 'Email in use', field: 'token' }] });
    expect(await emailOf(browser)).toBe(email);
  });

  it('counts the last request only, and none from before a change of password', async () => {
    const { browser } = await newUser('wavering');
    await change(browser, { email: 'first@example.com', password }).expect(202);
    const first = await service.tokenTo('first@example.com', 'Confirm');
    await change(browser, { email: 'second@example.com', password }).expect(202);
    const second = await service.tokenTo('second@example.com', 'Confirm');
    await confirm(first).expect(400, invalid);
    const next = { currentPassword: password, password: 'another good password' };
    await browser.put('/api/users/me/password').send(next).expect(204);
    await confirm(second).expect(400, invalid);
  });

  it('can be taken back from the old address, which ends what the one who made it had', async () => {
    const { browser, email } = await newUser('robbed');
    await change(browser, { email: 'thief@example.com', password }).expect(202);
    const wayBack = await service.tokenTo(email, 'being changed');
    await confirm(await service.tokenTo('thief@example.com', 'Confirm')).expect(200);
    await service.api().post('/api/users/password-reset').send({ email: 'thief@example.com' }).expect(202);
    const thiefs = await service.tokenTo('thief@example.com', 'Reset');
    service.advance(6 * day);

    const response = await confirm(wayBack).expect(200);
    expect(response.body).toMatchObject({ email, emailVerified: true });
    expect(await emailOf(browser)).toBeUndefined();
    await service.api().post('/api/users/signin').send({ email, password }).expect(400);
    const reset = (token: string) =>
      service.api().post('/api/users/password-reset/confirm').send({ token, password: 'the owner sets it' });
    await reset(thiefs).expect(400, invalid);
    await reset(await service.tokenTo(email, 'Reset')).expect(204);
    await service.api().post('/api/users/signin').send({ email, password: 'the owner sets it' }).expect(200);
    await confirm(wayBack).expect(400, invalid);
  });

  it('can be taken back before it was confirmed', async () => {
    const { browser, email } = await newUser('early');
    await change(browser, { email: 'never@example.com', password }).expect(202);
    const token = await service.tokenTo('never@example.com', 'Confirm');
    await confirm(await service.tokenTo(email, 'being changed')).expect(200);
    await confirm(token).expect(400, invalid);
    expect((await stored(email)).pendingEmail).toBeUndefined();
  });

  it('ends a reset that was asked for at the old address', async () => {
    const { browser, email } = await newUser('moved');
    await service.api().post('/api/users/password-reset').send({ email }).expect(202);
    const reset = await service.tokenTo(email, 'Reset');
    await change(browser, { email: 'moved-to@example.com', password }).expect(202);
    await confirm(await service.tokenTo('moved-to@example.com', 'Confirm')).expect(200);
    await service
      .api()
      .post('/api/users/password-reset/confirm')
      .send({ token: reset, password })
      .expect(400, invalid);
  });
});
