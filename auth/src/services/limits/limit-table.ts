/** What a limit can be about: an e-mail address as it was typed, in its normal form; a network; a known device. */
export type Part = 'account' | 'recipient' | 'network' | 'device';

interface Limit {
  setting: string;
  /** As in the setting. docs/limits.md says why. */
  default: string;
  /** Each combination of these has a count of its own. Where one of them is not known, the limit does not apply. */
  per: readonly Part[];
  /** Whether success is not counted. */
  givesBack: boolean;
}

/** Every limit. docs/limits.md has the same table; a test compares. */
export const limits = {
  signinAccountNetwork: {
    setting: 'LIMIT_SIGNIN_ACCOUNT_NETWORK',
    default: '10/15m',
    per: ['account', 'network'],
    givesBack: true,
  },
  signinAccount: { setting: 'LIMIT_SIGNIN_ACCOUNT', default: '30/15m', per: ['account'], givesBack: true },
  signinNetwork: { setting: 'LIMIT_SIGNIN_NETWORK', default: '100/15m', per: ['network'], givesBack: true },
  signinDevice: {
    setting: 'LIMIT_SIGNIN_DEVICE',
    default: '30/15m',
    per: ['account', 'device'],
    givesBack: false,
  },
  signupNetwork: { setting: 'LIMIT_SIGNUP_NETWORK', default: '60/15m', per: ['network'], givesBack: false },
  mailRecipientNetwork: {
    setting: 'LIMIT_MAIL_RECIPIENT_NETWORK',
    default: '5/15m',
    per: ['recipient', 'network'],
    givesBack: false,
  },
  mailRecipient: { setting: 'LIMIT_MAIL_RECIPIENT', default: '10/15m', per: ['recipient'], givesBack: false },
  mailAccount: { setting: 'LIMIT_MAIL_ACCOUNT', default: '10/15m', per: ['account'], givesBack: false },
  mailNetwork: { setting: 'LIMIT_MAIL_NETWORK', default: '60/15m', per: ['network'], givesBack: false },
  mailService: { setting: 'LIMIT_MAIL_SERVICE', default: '600/1m', per: [], givesBack: false },
  tokenNetwork: { setting: 'LIMIT_TOKEN_NETWORK', default: '60/15m', per: ['network'], givesBack: true },
  tokenService: { setting: 'LIMIT_TOKEN_SERVICE', default: '3000/1m', per: [], givesBack: true },
  passwordAccount: {
    setting: 'LIMIT_PASSWORD_ACCOUNT',
    default: '20/15m',
    per: ['account'],
    givesBack: false,
  },
  hashNetwork: { setting: 'LIMIT_HASH_NETWORK', default: '300/5m', per: ['network'], givesBack: false },
  service: { setting: 'LIMIT_SERVICE', default: '3000/1m', per: [], givesBack: false },
} as const satisfies Record<string, Limit>;

export type LimitName = keyof typeof limits;

export const limitNames = Object.keys(limits) as LimitName[];

/**
 * What each act counts against. The narrowest limit comes first and is asked alone: what it refuses counts against no
 * other, so that one network can't use up the limit of an account or a recipient. Mails and tokens have limits of the whole
 * service of their own, so that a flood of them stops no sign-in.
 */
export const acts = {
  signIn: ['signinAccountNetwork', 'signinAccount', 'signinNetwork', 'hashNetwork', 'service'],
  signInFromKnownDevice: ['signinDevice', 'service'],
  signUp: ['signupNetwork', 'hashNetwork', 'service'],
  signUpByMail: ['mailRecipientNetwork', 'mailRecipient', 'mailNetwork', 'signupNetwork', 'mailService'],
  mail: ['mailRecipientNetwork', 'mailRecipient', 'mailAccount', 'mailNetwork', 'mailService'],
  mailBeside: ['mailRecipientNetwork', 'mailRecipient'],
  token: ['tokenNetwork', 'tokenService'],
  password: ['passwordAccount', 'hashNetwork', 'service'],
  hash: ['hashNetwork', 'service'],
} as const satisfies Record<string, readonly LimitName[]>;

export type Act = keyof typeof acts;
