import { mongo } from 'mongoose';
import { password, useService } from '../../../test/service';

const service = useService();
const post = (body: object) => service.api().post('/api/users/signup').send(body);

describe('POST /api/users/signup', () => {
  it('returns 201 with the user and signs the user in', async () => {
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
    expect(response.get('Set-Cookie')).toEqual([
      expect.stringMatching(/^session=/),
      expect.stringMatching(/^device=/),
    ]);
  });

  it('stores the name without surrounding spaces', async () => {
    const response = await post({ email: 'named@example.com', password, name: '  Ada Lovelace ' }).expect(
      201,
    );
    expect(response.body).toMatchObject({ name: 'Ada Lovelace' });
  });

  it.each([
    ['no e-mail', { password }, 'email'],
    ['an e-mail without a domain', { email: 'test', password }, 'email'],
    ['an empty e-mail', { email: '', password }, 'email'],
    ['an e-mail with two @', { email: '"a@b"@example.com', password }, 'email'],
    ['no password', { email: 'a@example.com' }, 'password'],
    ['a password that is too short', { email: 'a@example.com', password: '1234567' }, 'password'],
    ['an empty name', { email: 'a@example.com', password, name: ' ' }, 'name'],
    ['a name with a line break', { email: 'a@example.com', password, name: 'a\nb' }, 'name'],
    ['a name of over 100 characters', { email: 'a@example.com', password, name: 'n'.repeat(101) }, 'name'],
  ])('refuses %s with 400 and names the field', async (_what, body, field) => {
    const response = await post(body).expect(400);
    expect(response.body).toEqual({
      errors: [{ message: expect.any(String), code: expect.any(String), field }],
    });
    expect(response.get('Set-Cookie')).toBeUndefined();
  });

  it('F9 takes null for no name', async () => {
    const email = 'nobody@example.com';
    const response = await post({ email, password, name: null }).expect(201);
    expect(response.body).not.toHaveProperty('name');
    expect(await service.users.findOne({ email }).lean()).not.toHaveProperty('name');
  });

  const withEach = (signs: string[]) => signs.map((sign) => `Ada${sign}Lovelace`);
  it.each<[string, unknown]>([
    ['name_invalid', 5],
    ['name_length', ' '],
    ['name_length', 'n'.repeat(101)],
    ['name_not_unicode', 'Ada\ud800'],
    ['name_control', 'Ada\u0000'],
    ['name_control', 'Ada\u009b31m'],
    ['name_control', 'Ada\u2028Lovelace'],
    ['name_control', 'Ada\u2029Lovelace'],
    ...withEach([
      '\u061c',
      '\u200e',
      '\u200f',
      '\u202a',
      '\u202b',
      '\u202c',
      '\u202d',
      '\u202e',
      '\u2066',
      '\u2067',
      '\u2068',
      '\u2069',
    ]).map((name): [string, unknown] => ['name_direction', name]),
    ...withEach([
      '\u00ad',
      '\u180e',
      '\u200b',
      '\u2060',
      '\u2064',
      '\u206a',
      '\ufeff',
      '\ufff9',
      '\u115f',
      '\u3164',
      '\uffa0',
      '\u{e0041}',
      '\u{1d173}',
    ]).map((name): [string, unknown] => ['name_invisible', name]),
    ['name_unassigned', 'Ada\u0378'],
    ['name_unassigned', 'Ada\ufffe'],
    ['name_unassigned', 'Ada\u{10ffff}'],
    ['name_private_use', 'Ada\ue000'],
    ['name_private_use', 'Ada\u{100000}'],
    ['name_blank', '\u2800'],
    ['name_blank', '\u200d\u200c'],
    ['name_blank', '\ufe0f\u0301'],
  ])('says with %s which rule the name %j breaks', async (code, name) => {
    const response = await post({ email: 'rules@example.com', password, name }).expect(400);
    expect(response.body).toEqual({ errors: [{ message: expect.any(String), code, field: 'name' }] });
  });

  it.each([
    'Ada Lovelace',
    'n'.repeat(100),
    '🎟'.repeat(100),
    "Seán Ó'Brien-Þórsson, Jr.",
    '山田\u3000太郎',
    '葛\u{e0100}城',
    'علی\u200cرضا',
    'ශ්\u200dරී',
    '👩\u200d💻❤\ufe0f🇩🇪👍🏽',
    '田',
    '7',
    '¯\\_(ツ)_/¯',
  ])('accepts the name %j unchanged', async (name) => {
    const email = `named-${Math.random()}@example.com`;
    const response = await post({ email, password, name }).expect(201);
    expect(response.body).toMatchObject({ name });
  });

  const withoutForm = 'Email must have its domain in ASCII, in the xn-- form';
  it.each<[string, string, string]>([
    ['email_invalid', 'Email must be valid', 'nonsense'],
    ['email_invalid', 'Email must be valid', 'münchen.de'],
    ['email_too_long', 'Email must be at most 254 characters', `a@${'b.'.repeat(126)}com`],
    ['email_not_ascii', 'Email must have only ASCII characters before the @', 'josé@example.com'],
    ['email_not_ascii', 'Email must have only ASCII characters before the @', 'josé@münchen.de'],
    [
      'email_domain_not_ascii',
      'Email must have its domain in ASCII, in the xn-- form: xn--mnchen-3ya.de',
      ' user@MÜNCHEN.de ',
    ],
    [
      'email_domain_not_ascii',
      'Email must have its domain in ASCII, in the xn-- form: mail.xn--80ak6aa92e.xn--p1ai',
      'user@mail.аррӏе.рф',
    ],
    // Forms that would be refused are not named: a look-alike, an address of a computer, an impossible domain.
    ...[
      'user@ｅxample.com',
      'user@１２７.0.0.1',
      'user@mün chen.de',
      'user@münchen',
      'user@-ü.-.de',
      'user@ü.1',
    ].map((address): [string, string, string] => ['email_domain_not_ascii', withoutForm, address]),
  ])('F11 says with %s why an address is refused: %s', async (code, message, email) => {
    const response = await post({ email, password }).expect(400);
    expect(response.body).toEqual({ errors: [{ message, code, field: 'email' }] });
  });

  it('F11 accepts the form of a domain that it names', async () => {
    for (const email of [
      'user@münchen.de',
      'user@mail.例え.テスト',
      'user@i❤.ws',
      `user@${'ü'.repeat(50)}.de`,
    ]) {
      const { body } = await post({ email, password }).expect(400);
      const named = /: (.+)$/.exec(body.errors[0].message as string)?.[1];
      await post({ email: `user@${String(named)}`, password }).expect(201);
    }
  });

  it('F10 refuses a password that is too short in either form, and tells what is not Unicode', async () => {
    const refused = async (secret: string) =>
      (await post({ email: 'forms@example.com', password: secret }).expect(400)).body.errors[0]
        .code as string;
    expect(await refused('äbcdefg')).toBe('password_length');
    expect(await refused('a\u0308bcdefg')).toBe('password_length');
    expect(await refused('password\ud800')).toBe('password_not_unicode');
  });

  it('names every invalid field once', async () => {
    const response = await post({}).expect(400);
    expect(response.body.errors.map((error: { field: string }) => error.field)).toEqual([
      'email',
      'password',
    ]);
  });

  it('refuses an e-mail that already has an account', async () => {
    await post({ email: 'twice@example.com', password }).expect(201);
    const response = await post({ email: 'twice@example.com', password }).expect(400);
    expect(response.body).toEqual({
      errors: [{ message: 'Email in use', code: 'email_in_use', field: 'email' }],
    });
  });

  it('S5 ignores fields that a sign-up may not set', async () => {
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

  it('S12 treats addresses that differ in case or surrounding spaces as one', async () => {
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

  it('S13 treats addresses that differ in a dot or a tag as different', async () => {
    await post({ email: 'a.b+c@gmail.com', password }).expect(201);
    await post({ email: 'ab@gmail.com', password }).expect(201);
  });

  it('accepts an address of 254 characters and refuses one of 255', async () => {
    const domain = `${'d'.repeat(60)}.${'e'.repeat(60)}.${'f'.repeat(60)}.example.com`;
    const local = 'l'.repeat(254 - domain.length - 1);
    await post({ email: `${local}@${domain}`, password }).expect(201);
    await post({ email: `${local}l@${domain}`, password }).expect(400);
  });

  it.each([
    ['8 code points', '😀'.repeat(8)],
    ['128 code points', '😀'.repeat(128)],
    ['64 characters with spaces and emoji', `${'a b '.repeat(15)}😀😀😀😀`],
    ['only spaces', ' '.repeat(12)],
  ])('S14 S15 accepts a password of %s unchanged', async (what, secret) => {
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
    expect(response.body.errors).toEqual([
      { message: expect.any(String), code: expect.any(String), field: 'password' },
    ]);
  });

  it('S17 does not hash a password that is too long', async () => {
    const hash = jest.spyOn(service.passwords, 'toHash');
    await post({ email: 'long@example.com', password: 'a'.repeat(16_000) }).expect(400);
    expect(hash).not.toHaveBeenCalled();
    hash.mockRestore();
  });

  it('S11 creates one account for 20 simultaneous requests, and hashes once per request', async () => {
    const hash = jest.spyOn(service.passwords, 'toHash');
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => post({ email: 'crowd@example.com', password })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...(Array(19).fill(400) as number[])]);
    expect(hash).toHaveBeenCalledTimes(20);
    hash.mockRestore();
  });

  it('stores the account and its mail even if the first attempt was rolled back', async () => {
    const email = 'second-try@example.com';
    const conflict = new mongo.MongoServerError({ message: 'WriteConflict', code: 112 });
    conflict.addErrorLabel('TransientTransactionError');
    const save = jest.spyOn(service.mails, 'addOrRenew').mockRejectedValueOnce(conflict);
    await post({ email, password }).expect(201);
    save.mockRestore();
    await service.mailTo(email);
    await service.api().post('/api/users/signin').send({ email, password }).expect(200);
  });
});
