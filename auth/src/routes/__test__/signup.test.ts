import { mongo } from 'mongoose';
import { password, useService } from '../../test/service';

const service = useService();
const post = (body: object) => service.api().post('/api/users/signup').send(body);

describe('POST /api/users/signup', () => {
  it('answers 201 with the user and signs it in', async () => {
    const response = await post({ email: 'test@example.com', password: 'password' }).expect(201);
    expect(response.body).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{24}$/),
      email: 'test@example.com',
      role: 'user',
      emailVerified: false,
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      updatedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      version: 0,
    });
    expect(response.get('Set-Cookie')).toHaveLength(1);
  });

  it('keeps a name, trimmed', async () => {
    const response = await post({ email: 'named@example.com', password, name: '  Ada Lovelace ' }).expect(
      201,
    );
    expect(response.body).toMatchObject({ name: 'Ada Lovelace' });
  });

  it.each([
    ['no e-mail', { password }, 'email'],
    ['an e-mail without a domain', { email: 'test', password }, 'email'],
    ['an empty e-mail', { email: '', password }, 'email'],
    ['two @', { email: '"a@b"@example.com', password }, 'email'],
    ['no password', { email: 'a@example.com' }, 'password'],
    ['a password that is too short', { email: 'a@example.com', password: '1234567' }, 'password'],
    ['an empty name', { email: 'a@example.com', password, name: ' ' }, 'name'],
    ['a name with a line break', { email: 'a@example.com', password, name: 'a\nb' }, 'name'],
    ['a name of over 100 characters', { email: 'a@example.com', password, name: 'n'.repeat(101) }, 'name'],
    ['null for a name', { email: 'a@example.com', password, name: null }, 'name'],
  ])('refuses %s with 400 and the field', async (_what, body, field) => {
    const response = await post(body).expect(400);
    expect(response.body).toEqual({ errors: [{ message: expect.any(String), field }] });
    expect(response.get('Set-Cookie')).toBeUndefined();
  });

  it('names every field at fault, once', async () => {
    const response = await post({}).expect(400);
    expect(response.body.errors.map((error: { field: string }) => error.field)).toEqual([
      'email',
      'password',
    ]);
  });

  it('refuses an e-mail that already has an account', async () => {
    await post({ email: 'twice@example.com', password }).expect(201);
    const response = await post({ email: 'twice@example.com', password }).expect(400);
    expect(response.body).toEqual({ errors: [{ message: 'Email in use', field: 'email' }] });
  });

  it('S5 stores only its own values for what a body may not set', async () => {
    await post({
      email: 'mass@example.com',
      password,
      role: 'admin',
      _id: '0'.repeat(24),
      id: '0'.repeat(24),
      __v: 7,
      version: 7,
      createdAt: '2001-01-01T00:00:00Z',
      emailVerified: true,
      disabled: true,
      extra: 'x',
    }).expect(201);
    const stored = await service.users.findOne({ email: 'mass@example.com' }).lean();
    expect(stored).toMatchObject({ role: 'user', emailVerified: false, disabled: false, version: 0 });
    expect(stored?._id.toHexString()).not.toBe('0'.repeat(24));
    expect(stored?.createdAt.getFullYear()).toBeGreaterThan(2001);
    expect(Object.keys(stored ?? {})).not.toEqual(expect.arrayContaining(['extra']));
    expect(Object.keys(stored ?? {})).not.toEqual(expect.arrayContaining(['__v']));
  });

  it('S12 takes addresses that differ in case or outer spaces for one', async () => {
    await post({ email: 'Case@Example.com', password }).expect(201);
    await post({ email: '  case@example.COM ', password }).expect(400);
    expect(await service.users.countDocuments({ email: 'case@example.com' })).toBe(1);
  });

  it.each([
    ['fullwidth letters', 'ａ@example.com'],
    ['a dotless i', 'adm\u0131n@example.com'],
    ['a Kelvin sign', '\u212a@example.com'],
    ['an emoji', '😀@example.com'],
    ['a NUL', 'a\0b@example.com'],
    ['a quoted local part', '"a<b>"@example.com'],
  ])('S12 S8 refuses an address with %s', async (_what, email) => {
    await post({ email, password }).expect(400);
  });

  it('S13 takes addresses that differ in a dot or a tag for two', async () => {
    await post({ email: 'a.b+c@gmail.com', password }).expect(201);
    await post({ email: 'ab@gmail.com', password }).expect(201);
  });

  it('takes an address of 254 characters and refuses one of 255', async () => {
    const domain = `${'d'.repeat(60)}.${'e'.repeat(60)}.${'f'.repeat(60)}.example.com`;
    const local = 'l'.repeat(254 - domain.length - 1);
    await post({ email: `${local}@${domain}`, password }).expect(201);
    await post({ email: `${local}l@${domain}`, password }).expect(400);
  });

  it.each([
    ['8 code points', '😀'.repeat(8)],
    ['128 code points', '😀'.repeat(128)],
    ['64 characters with spaces and emoji', `${'a b '.repeat(15)}😀😀😀😀`],
    ['spaces alone', ' '.repeat(12)],
  ])('S14 S15 takes a password of %s as it is', async (what, secret) => {
    const email = `${what.replaceAll(' ', '-')}@example.com`;
    await post({ email, password: secret }).expect(201);
    await service.api().post('/api/users/signin').send({ email, password: secret }).expect(200);
  });

  it.each([
    ['7 code points', '😀'.repeat(7)],
    ['129 code points', 'a'.repeat(129)],
    ['16,000 characters', 'a'.repeat(16_000)],
    ['a lone surrogate', 'password\ud800'],
  ])('S14 S17 refuses a password of %s', async (_what, secret) => {
    const response = await post({ email: 'bounds@example.com', password: secret }).expect(400);
    expect(response.body.errors).toEqual([{ message: expect.any(String), field: 'password' }]);
  });

  it('S17 spends no hash on a password that is too long', async () => {
    const hash = jest.spyOn(service.passwords, 'toHash');
    await post({ email: 'long@example.com', password: 'a'.repeat(16_000) }).expect(400);
    expect(hash).not.toHaveBeenCalled();
    hash.mockRestore();
  });

  it('S11 hashes once for each of 20 at once with one address, however often they get in each other’s way', async () => {
    const hash = jest.spyOn(service.passwords, 'toHash');
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => post({ email: 'crowd@example.com', password })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...(Array(19).fill(400) as number[])]);
    expect(hash).toHaveBeenCalledTimes(20);
    hash.mockRestore();
  });

  it('stores the account and its mail though a first try was rolled back', async () => {
    const email = 'second-try@example.com';
    const conflict = new mongo.MongoServerError({ message: 'WriteConflict', code: 112 });
    conflict.addErrorLabel('TransientTransactionError');
    const save = jest.spyOn(service.mails.prototype, 'save').mockRejectedValueOnce(conflict);
    await post({ email, password }).expect(201);
    save.mockRestore();
    await service.mailTo(email);
    await service.api().post('/api/users/signin').send({ email, password }).expect(200);
  });
});
