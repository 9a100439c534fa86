import { hour, password, useService } from '../../../test/service';

// So long that MongoDB deletes no slot between two looks at the database.
const service = useService({ coolDownSeconds: hour - 1 });
const other = 'another good password';
const post = (path: string, body: object) => service.api().post(`/api/users${path}`).send(body);

/** Each prepares a request that changes something, and returns a function that sends it. */
const changes: Record<string, (email: string) => Promise<() => PromiseLike<{ status: number }>>> = {
  'a sign-up': (email) => Promise.resolve(() => post('/signup', { email, password })),
  'a change of password': async (email) => {
    const browser = await service.signedUp(email);
    return () => browser.put('/api/users/me/password').send({ currentPassword: password, password: other });
  },
  'a password reset': async (email) => {
    await service.signedUp(email);
    await post('/password-reset', { email }).expect(202);
    const token = await service.tokenTo(email, 'Reset');
    return () => post('/password-reset/confirm', { token, password: other });
  },
  'a change of address': async (email) => {
    const browser = await service.signedUp(email);
    return () => browser.put('/api/users/me/email').send({ email: `to-${email}`, password });
  },
  'closing an account': async (email) => {
    const browser = await service.signedUp(email);
    return () => browser.delete('/api/users/me').send({ password });
  },
  'a link that brings a closed account back': async (email) => {
    await (await service.signedUp(email)).delete('/api/users/me').send({ password }).expect(204);
    const token = await service.tokenTo(email, 'closed');
    return () => post('/email-verification/confirm', { token });
  },
  'a change of role': async (email) => {
    const admin = await service.signedUpAdmin(`admin-${email}`);
    await service.signedUp(email);
    const { _id } = await service.users.findOne({ email }).lean().orFail();
    const change = { role: 'admin', version: 0 };
    return () => admin.patch(`/api/users/${_id.toHexString()}`).send(change);
  },
  'an undone change of address': async (email) => {
    const browser = await service.signedUp(email);
    await browser
      .put('/api/users/me/email')
      .send({ email: `to-${email}`, password })
      .expect(202);
    const token = await service.tokenTo(email, 'being changed');
    return () => post('/email-verification/confirm', { token, password });
  },
};

/** Makes the database refuse the next mail, whichever way it is queued. */
function refuseNextMail(): { restore: () => void } {
  const error = new Error('disk full');
  const spies = [
    jest.spyOn(service.mails.prototype, 'save').mockRejectedValueOnce(error),
    jest.spyOn(service.mails, 'addOrRenew').mockRejectedValueOnce(error),
  ];
  return {
    restore: () => {
      for (const spy of spies) spy.mockRestore();
    },
  };
}

describe('the outbox', () => {
  it.each(Object.entries(changes))(
    'changes nothing if the mail of %s cannot be stored',
    async (what, prepare) => {
      const send = await prepare(`${what.replaceAll(' ', '-')}@example.com`);
      await service.mailSettled();
      const before = await service.everything();
      const refusal = refuseNextMail();
      expect((await send()).status).toBe(500);
      refusal.restore();
      expect(await service.everything()).toEqual(before);
      expect((await send()).status).toBeLessThan(300);
      expect(await service.everything()).not.toEqual(before);
    },
  );

  it('stores both mails of a change of address or neither', async () => {
    const send = await changes['a change of address']?.('both@example.com');
    await service.mailSettled();
    const before = await service.everything();
    const add = service.mails.build.bind(service.mails);
    const build = jest
      .spyOn(service.mails, 'build')
      .mockImplementationOnce(add)
      .mockImplementationOnce(() => {
        throw new Error('disk full');
      });
    expect((await send?.())?.status).toBe(500);
    build.mockRestore();
    expect(await service.everything()).toEqual(before);
  });
});
