import { endRestored } from '../models/end-restored';
import { deviceFrom, jwtFrom } from '../test/cookies';
import { password, useService } from '../test/service';

const service = useService({ newSignInMail: true });

const genIn = (jwt = ''): unknown => {
  const [, payload = ''] = jwt.split('.');
  return (JSON.parse(Buffer.from(payload, 'base64url').toString()) as { gen?: unknown }).gen;
};

describe('after a restore from a backup', () => {
  it('ends every session, link and queued mail, and lets people sign in again', async () => {
    const email = 'restored@example.com';
    const browser = await service.signedUp(email);
    await service.signedUp('told@example.com');
    await service.users.updateOne({ email: 'told@example.com' }, { emailVerified: true });
    const verification = await service.tokenTo(email, 'Verify');
    await service.api().post('/api/users/password-reset').send({ email }).expect(202);
    const reset = await service.tokenTo(email, 'Reset');
    await service.mailSettled();
    await service.worker?.stop();
    await browser.post('/api/users/email-verification').send({}).expect(202);
    await service.api().post('/api/users/password-reset').send({ email }).expect(202);
    const before = await service.users.findOne({ email }).lean().orFail();

    const now = service.now();
    expect(await endRestored(service, now)).toBe(2);

    await browser.get('/api/users/currentuser').expect(200, { currentUser: null });
    const confirm = { token: verification };
    await service.api().post('/api/users/email-verification/confirm').send(confirm).expect(400);
    const choose = { token: reset, password: 'another good password' };
    await service.api().post('/api/users/password-reset/confirm').send(choose).expect(400);
    expect(await service.mails.countDocuments({ status: 'pending' })).toBe(0);

    const seconds = Math.floor(now.getTime() / 1000);
    const after = await service.users.findOne({ email }).lean().orFail();
    expect(after).toEqual({ ...before, generation: seconds, ended: expect.any(Object) });
    expect(await service.devices.countDocuments()).toBe(0);
    const again = await browser.post('/api/users/signin').send({ email, password }).expect(200);
    // The cookie of before, and a new value: the account does not know the browser any more.
    expect(deviceFrom(again)).toMatch(/^[\w-]{22}\.[\w-]{22}$/);
    expect(genIn(jwtFrom(again))).toBe(seconds);

    // Whoever signs in first may be the one who has a stolen password: no sign-in is expected then.
    const told = { to: 'told@example.com', kind: 'new-sign-in' } as const;
    expect(await service.mails.exists(told)).toBeNull();
    await service.api().post('/api/users/signin').send({ email: told.to, password }).expect(200);
    expect(await service.mails.exists(told)).not.toBeNull();

    service.worker?.start();
    await service.api().post('/api/users/password-reset').send({ email }).expect(202);
    const fresh = { token: await service.tokenTo(email, 'Reset'), password: 'another good password' };
    await service.api().post('/api/users/password-reset/confirm').send(fresh).expect(204);
  });
});
