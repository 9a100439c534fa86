import { day, password, useService } from '../../../test/service';

const service = useService();
const verify = 'Verify';
const confirm = (token: unknown) =>
  service.api().post('/api/users/email-verification/confirm').send({ token, password });
const stored = (email: string) => service.users.findOne({ email }).lean().orFail();
const invalid = { errors: [{ message: 'Invalid or expired token', code: 'invalid_token', field: 'token' }] };

/** A new user who has received the verification link. */
async function newUser(name: string) {
  const email = `${name}@example.com`;
  const browser = await service.signedUp(email);
  return { email, browser, token: await service.tokenTo(email, verify) };
}

describe('e-mail verification', () => {
  it('sends a mail at sign-up, in text and HTML, with a link that verifies the address', async () => {
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

  it('F15 sends another link on request; for a verified address it says so and sends nothing', async () => {
    const { browser, email } = await newUser('again');
    await browser.post('/api/users/email-verification').send({}).expect(202, {});
    await confirm(await service.tokenTo(email, verify)).expect(200);
    const queued = await service.mails.countDocuments({ to: email });
    await browser.post('/api/users/email-verification').send({}).expect(200, { emailVerified: true });
    expect(await service.mails.countDocuments({ to: email })).toBe(queued);
  });

  it('gives a used token the same response for ten minutes, and refuses the other tokens for the same address', async () => {
    const { browser, email, token } = await newUser('others');
    await browser.post('/api/users/email-verification').send({}).expect(202);
    const other = await service.tokenTo(email, verify);
    const first = await confirm(token).expect(200);
    const again = await confirm(token).expect(200);
    expect(again.body).toEqual(first.body);
    await confirm(other).expect(400, invalid);
    service.advance(10 * 60);
    await confirm(token).expect(400, invalid);
  });

  it('F19 S60 does one thing for two simultaneous uses of a token, gives both the same response and remembers one use', async () => {
    const { email, token } = await newUser('twice');
    const [one, two] = await Promise.all([confirm(token), confirm(token)]);
    expect([one.status, two.status]).toEqual([200, 200]);
    expect(one.body).toEqual(two.body);
    const { _id, version } = await stored(email);
    expect(version).toBe(1);
    expect(await service.usedLinks.countDocuments({ user: _id })).toBe(1);
  });

  it('S63 F18 needs the account’s session or its password, and keeps the token valid', async () => {
    const { browser, token } = await newUser('hijacked');
    const stranger = await service.signedUp('stranger@example.com');
    const path = '/api/users/email-verification/confirm';
    for (const caller of [service.api(), stranger]) {
      const refused = await caller.post(path).send({ token }).expect(401);
      expect(refused.body.errors).toEqual([
        { message: expect.any(String), code: 'confirmation_needs_password' },
      ]);
      const wrong = await caller.post(path).send({ token, password: 'not the password' }).expect(400);
      expect(wrong.body).toEqual({
        errors: [{ message: 'Invalid credentials', code: 'invalid_credentials', field: 'password' }],
      });
    }
    await browser.post(path).send({ token }).expect(200);
    await service.api().post(path).send({ token }).expect(401);
    await browser.post(path).send({ token }).expect(200);
  });

  it('S63 F18 is declined by whoever has the mailbox: the unverified account is deleted', async () => {
    const { browser, email, token } = await newUser('not-me');
    const { _id } = await stored(email);
    const decline = () => service.api().post('/api/users/email-verification/decline').send({ token });
    const statuses = (await Promise.all([decline(), decline()])).map(({ status }) => status);
    expect(statuses).toEqual([204, 204]);
    await decline().expect(204);
    expect(await service.users.exists({ email })).toBeNull();
    const deletions = service.logs.filter(
      ({ event, userId }) => event === 'user_deleted' && userId === _id.toHexString(),
    );
    expect(deletions).toMatchObject([{ reason: 'address declined' }]);
    await browser.get('/api/users/currentuser').expect(200, { currentUser: null });
    await confirm(token).expect(400, invalid);
  });

  it('S63 cannot be declined once it was used', async () => {
    const { token } = await newUser('was-me');
    await confirm(token).expect(200);
    await service.api().post('/api/users/email-verification/decline').send({ token }).expect(400, invalid);
  });

  it('refuses an expired token', async () => {
    const { token } = await newUser('late');
    service.advance(day);
    await confirm(token).expect(400, invalid);
  });

  it.each([['unknown'], [''], ['a'.repeat(43)], ['a'.repeat(10_000)], ['\u0000']])(
    'refuses the guessed token %j with the same error',
    async (token) => {
      await confirm(token).expect(400, invalid);
    },
  );

  it('refuses a password-reset token, which stays valid', async () => {
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

  it('verifies only the address of the user who received the link', async () => {
    const [one, two] = [await newUser('mine'), await newUser('yours')];
    await confirm(one.token).expect(200);
    expect((await stored(two.email)).emailVerified).toBe(false);
  });

  it('refuses the token of a user who has been disabled or deleted since', async () => {
    const [disabled, deleted] = [await newUser('disabled'), await newUser('deleted')];
    await service.users.updateOne({ email: disabled.email }, { disabled: true });
    await confirm(disabled.token).expect(400, invalid);
    await deleted.browser.delete('/api/users/me').send({ password }).expect(204);
    await confirm(deleted.token).expect(400, invalid);
  });

  it('stores only the hash of a token, and no text of a sent mail', async () => {
    const { email, token } = await newUser('hashed');
    await service.mailSettled();
    const { _id } = await stored(email);
    const kept = JSON.stringify([
      await service.emailLinks.find({ user: _id }).lean(),
      await service.mails.find({ user: _id }).lean(),
    ]);
    expect(kept).not.toContain(token);
    expect(kept).toMatch(/"_id":"[0-9a-f]{64}"/);
    expect(kept).toContain('"status":"sent"');
  });

  it('S60 lets MongoDB delete what has expired', async () => {
    const { emailLinks, usedLinks, mails, sessions, closedAccounts } = service;
    for (const model of [emailLinks, usedLinks, mails, sessions, closedAccounts]) {
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

  it('takes effect once confirmed from the new address, and sends a notice to the old one', async () => {
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

  it('escapes the new address in the HTML of the notice', async () => {
    const { browser, email } = await newUser('escaped');
    await change(browser, { email: 'a&b@example.com', password }).expect(202);
    const { text, html } = await service.mailTo(email, 'being changed');
    expect(text).toContain('to a&b@example.com.');
    expect(html).toContain('to a&amp;b@example.com.');
  });

  it('refuses a wrong password, a malformed address and a caller who is not signed in', async () => {
    const { browser } = await newUser('guarded');
    const wrong = await change(browser, { email: 'x@example.com', password: 'wrong password' }).expect(400);
    expect(wrong.body).toEqual({
      errors: [{ message: 'Invalid credentials', code: 'invalid_credentials', field: 'password' }],
    });
    const malformed = await change(browser, { email: 'x', password }).expect(400);
    expect(malformed.body.errors).toEqual([
      { message: 'Email must be valid', code: 'email_invalid', field: 'email' },
    ]);
    await change(service.browser(), { email: 'x@example.com', password }).expect(401);
  });

  it('F16 does nothing if it is the present address, once the password is checked', async () => {
    const { browser, email } = await newUser('same');
    await service.mailSettled();
    const before = await service.everything();
    const present = ` ${email.toUpperCase()} `;
    await change(browser, { email: present, password: 'wrong password' }).expect(400);
    await change(browser, { email: present, password }).expect(204, {});
    expect(await service.everything()).toEqual(before);
  });

  it('does not reveal that another account has the address, and sends no mail to it', async () => {
    const { email: taken } = await newUser('taken');
    const { browser, email } = await newUser('prober');
    await change(browser, { email: taken, password }).expect(202, {});
    await service.mailTo(email, 'being changed');
    await service.mailSettled();
    expect(service.inbox.mails.filter(({ to }) => to === taken)).toEqual([]);
  });

  it('answers 400 at the confirmation if another account has taken the address since', async () => {
    const { browser, email } = await newUser('slow');
    await change(browser, { email: 'contested@example.com', password }).expect(202);
    const token = await service.tokenTo('contested@example.com', 'Confirm');
    await service.signedUp('contested@example.com');
    const response = await confirm(token).expect(400);
    expect(response.body).toEqual({
      errors: [{ message: 'Email in use', code: 'email_in_use', field: 'token' }],
    });
    expect(await emailOf(browser)).toBe(email);
  });

  it('accepts only the link of the last request, and none after a change of password', async () => {
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

  it('can be undone from the old address, which revokes all sessions, the password and all other links', async () => {
    const { browser, email } = await newUser('robbed');
    await change(browser, { email: 'thief@example.com', password }).expect(202);
    const undoToken = await service.tokenTo(email, 'being changed');
    await confirm(await service.tokenTo('thief@example.com', 'Confirm')).expect(200);
    await service.api().post('/api/users/password-reset').send({ email: 'thief@example.com' }).expect(202);
    const thiefResetToken = await service.tokenTo('thief@example.com', 'Reset');
    service.advance(6 * day);

    const response = await confirm(undoToken).expect(200);
    expect(response.body).toMatchObject({ email, emailVerified: true });
    expect(await emailOf(browser)).toBeUndefined();
    await service.api().post('/api/users/signin').send({ email, password }).expect(400);
    const reset = (token: string) =>
      service.api().post('/api/users/password-reset/confirm').send({ token, password: 'the owner sets it' });
    await reset(thiefResetToken).expect(400, invalid);
    await reset(await service.tokenTo(email, 'Reset')).expect(204);
    await service.api().post('/api/users/signin').send({ email, password: 'the owner sets it' }).expect(200);
    const repeated = await confirm(undoToken).expect(200);
    expect(repeated.body).toMatchObject({ email });
    await service.api().post('/api/users/signin').send({ email, password: 'the owner sets it' }).expect(200);
    service.advance(day);
    await confirm(undoToken).expect(400, invalid);
  });

  it('S63 can be declined from the new address: the request ends, and the account stays as it is', async () => {
    const { browser, email } = await newUser('asks-for-mine');
    await change(browser, { email: 'declines-a-change@example.com', password }).expect(202);
    const token = await service.tokenTo('declines-a-change@example.com', 'Confirm');
    await service.api().post('/api/users/email-verification/decline').send({ token }).expect(204);
    await confirm(token).expect(400, invalid);
    expect((await stored(email)).pendingEmail).toBeUndefined();
    expect(await emailOf(browser)).toBe(email);
  });

  it('can be undone before it is confirmed', async () => {
    const { browser, email } = await newUser('early');
    await change(browser, { email: 'never@example.com', password }).expect(202);
    const token = await service.tokenTo('never@example.com', 'Confirm');
    await confirm(await service.tokenTo(email, 'being changed')).expect(200);
    await confirm(token).expect(400, invalid);
    expect((await stored(email)).pendingEmail).toBeUndefined();
  });

  it('revokes a reset link that was sent to the old address', async () => {
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
