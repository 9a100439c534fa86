import { BadRequestError } from '../errors/bad-request-error';
import { brokenShapeRule, missingCharacters } from '../password-shape';
import { PasswordRules } from '../services/passwords/password-rules';

const account = { email: 'ada.lovelace@analytical.example.com', productName: 'ticketing' };

describe('the rules for a new password that need no list', () => {
  it.each([
    ['short', 'default', 'password_length'],
    ['eight888', 'default', undefined],
    ['lovelace', 'default', undefined],
    ['x'.repeat(129), 'default', 'password_length'],
    ['elevenchars', 'strict', 'password_length'],
    ['Lovelace-1815', 'strict', 'password_made_of_address'],
    ['T1cketing-2026', 'strict', 'password_made_of_address'],
    ['aaaaaaaaaaaa11', 'strict', 'password_common'],
    ['correct horse battery', 'strict', undefined],
  ] as const)('say of %j with the profile %s: %s', (password, profile, broken) => {
    expect(brokenShapeRule(password, profile, account)).toBe(broken);
  });

  it('do without an address that is not known', () => {
    expect(
      brokenShapeRule('Lovelace-1815', 'strict', { email: '', productName: 'ticketing' }),
    ).toBeUndefined();
    expect(brokenShapeRule('Ticketing-2026', 'strict', { email: '', productName: 'ticketing' })).toBe(
      'password_made_of_address',
    );
  });

  it('refuse nothing that the service accepts, and name the rule that it names', async () => {
    const rules = new PasswordRules({ profile: 'strict', productName: 'ticketing' });
    const codeOf = async (password: string): Promise<string | undefined> => {
      const refused = await rules.require(password, account).catch((error: unknown) => error);
      return refused instanceof BadRequestError ? refused.code : undefined;
    };
    for (const password of [
      'Lovelace-1815',
      'aaaaaaaaaaaa11',
      '🎟'.repeat(12),
      'a love of mountains',
      'qwerty',
    ])
      expect(brokenShapeRule(password, 'strict', account)).toBe(await codeOf(password));
    expect(await codeOf('passwordpassword')).toBe('password_common');
    expect(brokenShapeRule('passwordpassword', 'strict', account)).toBeUndefined();
  });

  it('count code points of the normal form', () => {
    expect(missingCharacters('e\u0301'.repeat(7), 'default')).toBe(1);
    expect(missingCharacters('🎟'.repeat(12), 'strict')).toBe(0);
    expect(missingCharacters('longer than needed', 'default')).toBe(0);
  });
});
