import { password, useService } from '../../../test/service';

const service = useService({ signupMode: 'verify-first' });
const api = '/api/users';

async function actions() {
  await service.auditTrail.flush();
  const entries = await service.audit.find().sort({ _id: 1 }).lean();
  return entries.map(({ action, user, actor, detail }) => [action, user?.toHexString(), actor, detail]);
}

const asked = async (email: string): Promise<string> => {
  await service.audit.deleteMany();
  await service.api().post(`${api}/signup`).send({ email, password }).expect(202);
  return service.tokenTo(email);
};

it('S49 a verify-first sign-up is on record: the request without an account, then the account', async () => {
  const token = await asked('ada@example.com');
  const send = { token, password: 'another good password' };
  const { body } = await service.api().post(`${api}/email-verification/confirm`).send(send).expect(200);
  expect(await actions()).toEqual([
    ['signup-requested', undefined, undefined, undefined],
    ['link-sent', undefined, undefined, 'signup'],
    ['signed-up', body.id, body.id, undefined],
  ]);
});

it('S49 a declined sign-up is on record', async () => {
  const token = await asked('bob@example.com');
  await service.api().post(`${api}/email-verification/decline`).send({ token }).expect(204);
  expect((await actions()).map(([action]) => action)).toEqual([
    'signup-requested',
    'link-sent',
    'signup-declined',
  ]);
});

it('S49 a link that the mail worker makes names its account and what it is for', async () => {
  const token = await asked('carol@example.com');
  const send = { token, password: 'another good password' };
  const { body } = await service.api().post(`${api}/email-verification/confirm`).send(send).expect(200);
  await service.audit.deleteMany();
  await service.api().post(`${api}/password-reset`).send({ email: 'carol@example.com' }).expect(202);
  await service.tokenTo('carol@example.com', 'Reset');
  expect(await actions()).toContainEqual(['link-sent', body.id, undefined, 'password-reset']);
});
