import type { Logger } from 'pino';
import { BadRequestError } from '../../errors/bad-request-error';
import { Problem } from '../../errors/problem';
import { charactersIn, inputLimits } from '../../input-limits';
import { commonPasswords } from './common-passwords';
import { normalForm } from './normal-form';
import { brokenLengthRule } from './password-length';
import { PwnedPasswords } from './pwned-passwords';

export interface PasswordRulesOptions {
  /** `default` adds nothing to the length that the routes require. */
  profile: 'default' | 'strict';
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

// Shorter parts of an address occur in too many good passwords.
const minPartLength = 4;
// How many characters must remain when those words are removed.
const minRestLength = 8;

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
  async require(password: string, { email }: { email: string }): Promise<void> {
    const hashed = normalForm(password);
    const problem = this.options.profile === 'strict' ? this.#strictProblem(hashed, email) : undefined;
    if (problem) throw new BadRequestError(problem.code, 'password', problem.message);
    if (await this.options.pwned?.includes(hashed)) throw new BadRequestError('password_leaked', 'password');
  }

  #strictProblem(password: string, email: string): Problem | undefined {
    const { strictPasswordMinCharacters: min } = inputLimits;
    if (charactersIn(password) < min) {
      return new Problem('password_length', `Password must be at least ${min} characters`);
    }
    const own = [...partsOfName(this.options.productName), ...partsOf(email)];
    if (isMadeOf(password, own)) return new Problem('password_made_of_address');
    return this.#isCommon(password) ? new Problem('password_common') : undefined;
  }

  /** A common password, also when repeated, or with a few digits and signs around it: `Passw0rd2024!`. */
  #isCommon(password: string): boolean {
    const cores = [
      password,
      withoutEnds(password, /[^\p{L}]+$/u),
      withoutEnds(password, /^[^\p{L}]+|[^\p{L}]+$/gu),
    ];
    // A core shorter than half the password leaves enough that is not common.
    const candidates = cores.filter((core) => 2 * core.length >= password.length).map(fold);
    return candidates.some(
      (word) => this.#common.has(word) || this.#common.has(repeatedUnit(word)) || isOneCharacter(word),
    );
  }
}

/** Whether too little of a password remains when these words are removed. */
function isMadeOf(password: string, words: string[]): boolean {
  const folded = fold(password);
  const rest = words.reduce((text, word) => text.replaceAll(fold(word), ''), folded);
  return rest !== folded && rest.length < minRestLength;
}

/** The name of the service and its words, longest first. */
function partsOfName(name: string): string[] {
  const parts = [name, ...name.split(/[^\p{L}\p{N}]+/u)];
  return parts.filter((part) => part.length >= minPartLength).sort((a, b) => b.length - a.length);
}

/** The address, its two halves and their words, longest first. */
function partsOf(email: string): string[] {
  const parts = [email, ...email.split('@'), ...email.split(/[^a-z0-9]+/)];
  return parts.filter((part) => part.length >= minPartLength).sort((a, b) => b.length - a.length);
}

const withoutEnds = (text: string, ends: RegExp): string => text.replace(ends, '');

/** The unit that a text repeats, the last one possibly cut short; the text itself if it repeats nothing. */
function repeatedUnit(text: string): string {
  for (let length = 1; length < text.length; length += 1) {
    if (text.startsWith(text.slice(length))) return text.slice(0, length);
  }
  return text;
}

const isOneCharacter = (text: string): boolean => new Set(text).size <= 1;

const leet: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
};

/** In lower case, with the usual substitutes for letters (leet) replaced. */
const fold = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[013457@$!]/g, (sign) => leet[sign] ?? sign);
