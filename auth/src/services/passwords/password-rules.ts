import type { Logger } from 'pino';
import { BadRequestError } from '../../errors/bad-request-error';
import { Problem } from '../../errors/problem';
import { normalForm } from '../../normal-form';
import { brokenShapeRule, coresOf, fold, minCharacters, type PasswordProfile } from '../../password-shape';
import { commonPasswords } from './common-passwords';
import { brokenLengthRule } from './password-length';
import { PwnedPasswords } from './pwned-passwords';

export interface PasswordRulesOptions {
  /** `default` adds nothing to the length that the routes require. */
  profile: PasswordProfile;
  /** No password is made of it. */
  productName: string;
  /** Undefined where no list of leaked passwords is configured. */
  pwned?: PwnedPasswords | undefined;
}

/** The rules that the settings select. */
export function createPasswordRules({ productName, passwordRules }: Settings, logger: Logger): PasswordRules {
  const { profile, pwnedUrl } = passwordRules;
  const pwned = pwnedUrl && new PwnedPasswords({ url: pwnedUrl, logger });
  return new PasswordRules({ profile, productName, pwned });
}

interface Settings extends Pick<PasswordRulesOptions, 'productName'> {
  passwordRules: Pick<PasswordRulesOptions, 'profile'> & { pwnedUrl: URL | undefined };
}

/**
 * Rules for new passwords beyond their length (ASVS 6.2.4, 6.2.11, 6.2.12; NIST SP 800-63B-4, section 3.1.1.2).
 * No rule requires kinds of characters.
 */
export class PasswordRules {
  readonly #common: ReadonlySet<string>;

  constructor(private readonly options: PasswordRulesOptions) {
    this.#common = new Set(options.profile === 'strict' ? commonPasswords().map(fold) : []);
  }

  /**
   * As `require`, and checks the length, for a password that no field rule has checked.
   * @throws {BadRequestError} with the rule that the password breaks
   */
  async requireNew(password: string, account: { email: string }): Promise<void> {
    const broken = brokenLengthRule(password);
    if (broken) throw new BadRequestError(broken, 'password');
    await this.require(password, account);
  }

  /** @throws {BadRequestError} with the rule that the password breaks */
  async require(password: string, account: { email: string }): Promise<void> {
    const hashed = normalForm(password);
    const problem = this.options.profile === 'strict' ? this.#strictProblem(hashed, account) : undefined;
    if (problem) throw new BadRequestError(problem.code, 'password', problem.message);
    if (await this.options.pwned?.includes(hashed)) throw new BadRequestError('password_leaked', 'password');
  }

  #strictProblem(password: string, account: { email: string }): Problem | undefined {
    const broken = brokenShapeRule(password, 'strict', { ...account, productName: this.options.productName });
    if (broken === 'password_length') {
      return new Problem(broken, `Password must be at least ${minCharacters('strict')} characters`);
    }
    if (broken) return new Problem(broken);
    return this.#isCommon(password) ? new Problem('password_common') : undefined;
  }

  /** A common password, also when repeated, or with a few digits and signs around it: `Passw0rd2024!`. */
  #isCommon(password: string): boolean {
    return coresOf(password).some((word) => this.#common.has(word) || this.#common.has(repeatedUnit(word)));
  }
}

/** The unit that a text repeats, the last one possibly cut short; the text itself if it repeats nothing. */
function repeatedUnit(text: string): string {
  for (let length = 1; length < text.length; length += 1) {
    if (text.startsWith(text.slice(length))) return text.slice(0, length);
  }
  return text;
}
