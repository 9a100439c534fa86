import type { Logger } from 'pino';
import { BadRequestError } from '../errors/bad-request-error';
import { commonPasswords } from './common-passwords';
import { PwnedPasswords } from './pwned-passwords';

export interface PasswordRulesOptions {
  /** `default` asks for no more than the fields of the routes do. */
  profile: 'default' | 'strict';
  /** None where no list of leaked passwords is asked. */
  pwned?: PwnedPasswords | undefined;
}

/** The rules as they are set. */
export const createPasswordRules = (
  { profile, pwnedUrl }: { profile: PasswordRulesOptions['profile']; pwnedUrl: URL | undefined },
  logger: Logger,
): PasswordRules =>
  new PasswordRules({ profile, pwned: pwnedUrl && new PwnedPasswords({ url: pwnedUrl, logger }) });

const leastStrict = 12;
const serviceName = 'ticketing';
// Shorter parts of an address stand in too many good passwords.
const leastPart = 4;
// Of what is left beside them, a password has to be made.
const leastRest = 8;

/**
 * What a new password must not be, beyond its length (ASVS 6.2.4, 6.2.11, 6.2.12; NIST SP 800-63B-4, section 3.1.1.2).
 * No rule asks for kinds of characters.
 */
export class PasswordRules {
  readonly #common: ReadonlySet<string>;

  constructor(private readonly options: PasswordRulesOptions) {
    this.#common = new Set(options.profile === 'strict' ? commonPasswords().map(fold) : []);
  }

  /** @throws {BadRequestError} saying in plain words why the password won't do */
  async require(password: string, { email }: { email: string }): Promise<void> {
    const problem = this.options.profile === 'strict' ? this.#strictProblem(password, email) : undefined;
    if (problem !== undefined) throw new BadRequestError(problem, 'password');
    if (await this.options.pwned?.includes(password)) {
      throw new BadRequestError('Password is known from a data leak', 'password');
    }
  }

  #strictProblem(password: string, email: string): string | undefined {
    if (Array.from(password).length < leastStrict)
      return `Password must be at least ${leastStrict} characters`;
    if (isMadeOf(password, [serviceName, ...partsOf(email)])) {
      return `Password must not be made of your e-mail address or "${serviceName}"`;
    }
    return this.#isCommon(password) ? 'Password is too common' : undefined;
  }

  /** A common password, also one said over and over, or with a few digits and signs around it: `Passw0rd2024!`. */
  #isCommon(password: string): boolean {
    const cores = [
      password,
      withoutEnds(password, /[^\p{L}]+$/u),
      withoutEnds(password, /^[^\p{L}]+|[^\p{L}]+$/gu),
    ];
    // A core that is the smaller half leaves enough that is not common.
    const telling = cores.filter((core) => 2 * core.length >= password.length).map(fold);
    return telling.some(
      (word) => this.#common.has(word) || this.#common.has(unitOf(word)) || isOneSign(word),
    );
  }
}

/** Whether too little is left of a password when these words are taken out of it. */
function isMadeOf(password: string, words: string[]): boolean {
  const folded = fold(password);
  const rest = words.reduce((text, word) => text.replaceAll(fold(word), ''), folded);
  return rest !== folded && rest.length < leastRest;
}

/** The address, its two halves and their words, the longest first. */
function partsOf(email: string): string[] {
  const parts = [email, ...email.split('@'), ...email.split(/[^a-z0-9]+/)];
  return parts.filter((part) => part.length >= leastPart).sort((a, b) => b.length - a.length);
}

const withoutEnds = (text: string, ends: RegExp): string => text.replace(ends, '');

/** What a text says over and over, the last time perhaps cut short; the text itself where it says it once. */
function unitOf(text: string): string {
  for (let length = 1; length < text.length; length += 1) {
    if (text.startsWith(text.slice(length))) return text.slice(0, length);
  }
  return text;
}

const isOneSign = (text: string): boolean => new Set(text).size <= 1;

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

/** In lower case, with the usual stand-ins for letters turned back. */
const fold = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[013457@$!]/g, (sign) => leet[sign] ?? sign);
