import { password, useService } from '../../test/service';

const service = useService();
const other = 'another good password';
const post = (path: string, body: object) => service.api().post(`/api/users${path}`).send(body);

/** What is asked for, once all that it needs is there. */
const changes: Record<string, (email: string) => Promise<() => PromiseLike<{ status: number }>>> = {
  'a sign-up': (email) => Promise.resolve(() => post('/signup', { email, password })),
  'a change of password': async (email) => {
    const browser = await service.signedUp(email);
    return () => browser.put('/api/users/me/password').send({ currentPassword: password, password: other });
  },
  'a reset': async (email) => {
    await service.signedUp(email);
    await post('/password-reset', { email }).expect(202);
    const token = await service.tokenTo(email, 'Reset');
    return () => post('/password-reset/confirm', { token, password: other });
  },
  'a change of address': async (email) => {
    const browser = await service.signedUp(email);
    return () => browser.put('/api/users/me/email').send({ email: `to-${email}`, password });
  },
  'the way back from one': async (email) => {
    const browser = await service.signedUp(email);
    await browser
      .put('/api/users/me/email')
      .send({ email: `to-${email}`, password })
      .expect(202);
    const token = await service.tokenTo(email, 'being changed');
    return () => post('/email-verification/confirm', { token });
  },
};

describe('the outbox', () => {
  it.each(Object.entries(changes))('takes a mail with %s, or nothing is changed', async (what, prepare) => {
    const ask = await prepare(`${what.replaceAll(' ', '-')}@example.com`);
    await service.mailSettled();
    const before = await service.everything();
    const save = jest.spyOn(service.mails.prototype, 'save').mockRejectedValueOnce(new Error('disk full'));
    expect((await ask()).status).toBe(500);
    save.mockRestore();
    expect(await service.everything()).toEqual(before);
    expect((await ask()).status).toBeLessThan(300);
    expect(await service.everything()).not.toEqual(before);
  });

  it('takes both mails of a change of address, or none', async () => {
    const ask = await changes['a change of address']?.('both@example.com');
    await service.mailSettled();
    const before = await service.everything();
    const add = service.mails.build.bind(service.mails);
    const build = jest
      .spyOn(service.mails, 'build')
      .mockImplementationOnce(add)
      .mockImplementationOnce(() => {
        throw new Error('disk full');
      });
    expect((await ask?.())?.status).toBe(500);
    build.mockRestore();
    expect(await service.everything()).toEqual(before);
  });
});
