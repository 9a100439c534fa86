import os from 'node:os';
import { z } from 'zod';
import { linkLifetimes } from './models/link-purposes';
import { limitNames, limits, type LimitName } from './services/limits/limit-table';
import type { Rate } from './services/limits/rate';
import { formatCost, type ScryptCost } from './services/passwords/scrypt-cost';
import { linesSetting, namesIn, readTable, setting, type Setting } from './setting-table';
import {
  asCost,
  asFolder,
  asKeyEncryptionKeys,
  asMailServer,
  asMongoUri,
  asOrigin,
  asProductName,
  asRate,
  asSender,
  asSigningKey,
  flag,
  oneOf,
  onOff,
  text,
  wholeNumber,
} from './setting-types';

/** Every setting with its type, read and checked. */
export type Config = ReturnType<typeof readConfig>;

/** Settings that are missing or wrong: a line for each, with the setting's name and never its value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
  }
}

const owaspCost: ScryptCost = { ln: 15, r: 8, p: 3 };
const hour = 60 * 60;
const day = 24 * hour;
// libuv has four threads; hashing leaves one of them for DNS and files.
const parallelHashes = Math.min(os.availableParallelism(), 3);

// Rotations by hand come to those, and the keyring has room for some more.
const maxRotations = 40;

// Before the link of one mail expires, the next mail can be asked for.
const maxCoolDown = Math.min(...Object.values(linkLifetimes)) / 1000 - 1;

const rateSetting = (name: LimitName) =>
  setting(limits[name].setting, z.string().default(limits[name].default).transform(asRate));

/** Each setting once: the variable, what it may be, and the place in `Config` where the code finds it. */
const settings = (production: boolean) => ({
  port: setting('PORT', wholeNumber(0, 65535).default(3000)),
  healthPort: setting('HEALTH_PORT', wholeNumber(0, 65535).default(3001)),
  logLevel: setting('LOG_LEVEL', oneOf('fatal', 'error', 'warn', 'info', 'debug', 'silent').default('info')),
  mongoUri: setting(
    'MONGO_URI',
    text('must be set to a MongoDB URI that names a database: mongodb://host:27017/auth').transform(
      asMongoUri,
    ),
  ),
  publicUrl: setting(
    'PUBLIC_URL',
    production
      ? text('must be set to the https:// address that browsers use').transform(asOrigin('https:'))
      : z.string().default('http://localhost:3000').transform(asOrigin('https:', 'http:')),
  ),
  /** What pages and mails call the service. */
  productName: setting('PRODUCT_NAME', z.string().default('ticketing').transform(asProductName)),
  /** Whether the service has pages for people, where links in mails then lead. */
  pages: setting('PAGES', onOff()),
  trustedProxies: setting(
    'TRUST_PROXY',
    production
      ? wholeNumber(0, 10, 'must be set to the number of proxies in front, from 0 to 10')
      : wholeNumber(0, 10).default(0),
  ),
  /** How long an idle connection stays open: longer than a proxy keeps it, which could otherwise use a closed one. */
  keepAliveSeconds: setting('KEEP_ALIVE_SECONDS', wholeNumber(5, 2 * hour).default(100)),
  jwt: {
    /** The signing key of a version before the keyring: it becomes the first key where none is stored. */
    key: linesSetting('JWT_PRIVATE_KEY', z.string().transform(asSigningKey).optional()),
    issuer: setting('JWT_ISSUER', z.string().optional()),
    audience: setting('JWT_AUDIENCE', z.string().default('ticketing')),
    ttlSeconds: setting('JWT_TTL_SECONDS', wholeNumber(production ? 60 : 1, 3600).default(15 * 60)),
  },
  keys: {
    /** What encrypts the stored signing keys: the newest first. */
    encryptionKeys: setting(
      'KEY_ENCRYPTION_KEY',
      text('must be set to 32 random bytes in base64').transform(asKeyEncryptionKeys),
    ),
    rotationSeconds: setting(
      'KEY_ROTATION_SECONDS',
      wholeNumber(production ? day : 1, 365 * day).default(30 * day),
    ),
    graceSeconds: setting('KEY_GRACE_SECONDS', wholeNumber(production ? 60 : 1, day).default(15 * 60)),
  },
  session: {
    idleSeconds: setting('SESSION_IDLE_SECONDS', wholeNumber(1, 365 * day).default(7 * day)),
    maxSeconds: setting('SESSION_MAX_SECONDS', wholeNumber(1, 365 * day).default(30 * day)),
    freshSeconds: setting('FRESH_SECONDS', wholeNumber(1, day).default(10 * 60)),
    maxPerAccount: setting('SESSIONS_PER_ACCOUNT', wholeNumber(1, 1000).default(100)),
    inMemory: setting('SESSIONS_IN_MEMORY', wholeNumber(0, 1_000_000).default(10_000)),
  },
  password: {
    cost: setting('PASSWORD_COST', z.string().default(formatCost(owaspCost)).transform(asCost(production))),
    concurrency: setting('HASH_CONCURRENCY', wholeNumber(1, 64).default(parallelHashes)),
    queue: setting('HASH_QUEUE', wholeNumber(0, 10_000).default(64)),
  },
  passwordRules: {
    profile: setting('PASSWORD_PROFILE', oneOf('default', 'strict').default('default')),
    pwnedUrl: setting(
      'PWNED_PASSWORDS_URL',
      z
        .string()
        .transform(asFolder('https:', ...(production ? [] : ['http:'])))
        .optional(),
    ),
  },
  mail: {
    switch: setting('MAIL', oneOf('on', 'off').default('on')),
    url: setting('SMTP_URL', z.string().transform(asMailServer).optional()),
    from: setting('MAIL_FROM', z.string().default('ticketing <no-reply@ticketing.dev>').transform(asSender)),
    coolDownSeconds: setting('MAIL_COOL_DOWN_SECONDS', wholeNumber(0, maxCoolDown).default(60)),
    newSignIn: setting('NEW_SIGN_IN_MAIL', onOff()),
  },
  limits: {
    switch: setting('LIMITS', oneOf('on', 'off').default('on')),
    offAccepted: setting('LIMITS_OFF_ACCEPTED', oneOf('yes').optional()),
    waitMs: setting('LIMITS_WAIT_MS', wholeNumber(10, 5000).default(300)),
    rates: Object.fromEntries(limitNames.map((name) => [name, rateSetting(name)])) as Record<
      LimitName,
      Setting<Rate>
    >,
  },
  /** Whether only users whose address is verified can sign in. */
  requireVerifiedEmail: setting('REQUIRE_VERIFIED_EMAIL', flag()),
  /** How long a closed account can be brought back. The links that do so live for 7 days. */
  closedAccountSeconds: setting('CLOSED_ACCOUNT_SECONDS', wholeNumber(0, 7 * day).default(7 * day)),
  /** How long an entry of the audit trail is kept. */
  auditSeconds: setting('AUDIT_SECONDS', wholeNumber(hour, 3650 * day).default(180 * day)),
  /** With `verify-first`, an account is created only when its address is verified. */
  signupMode: setting('SIGNUP_MODE', oneOf('open', 'verify-first').default('open')),
});

/**
 * Reads the settings. NODE_ENV defaults to `production`, so that forgetting it is safe.
 * @throws {ConfigError} naming every setting that is missing or wrong
 */
export function readConfig(env: NodeJS.ProcessEnv) {
  const set = setIn(env);
  const mode = z.enum(['production', 'development', 'test']).safeParse(set['NODE_ENV'] ?? 'production');
  const production = !mode.success || mode.data === 'production';
  const problems = mode.success ? [] : ['NODE_ENV must be production, development or test'];
  const values = readTable(settings(production), set, problems);
  problems.push(...mailProblems(set, production), ...contradictions(values, set, production));
  if (problems.length > 0) throw new ConfigError(problems);

  const { jwt, mail, session, keys, limits: limiting } = values;
  const rates: Partial<typeof limiting.rates> = limiting.switch === 'on' ? limiting.rates : {};
  return {
    production,
    ...values,
    jwt: { ...jwt, issuer: jwt.issuer ?? values.publicUrl.origin },
    keys: {
      encryptionKeys: keys.encryptionKeys,
      times: {
        rotationSeconds: keys.rotationSeconds,
        graceSeconds: keys.graceSeconds,
        keptSeconds: keptSecondsFor(session),
      },
    },
    limits: { waitMs: limiting.waitMs, rates },
    /** Undefined where the service sends no mail. */
    mail: mail.switch === 'on' && mail.url ? { ...mail, url: mail.url } : undefined,
  };
}

/**
 * For how long a key verifies that signs no more. An expired JWT is renewed as long as its session lives. The hour is for
 * clocks that differ, and for JWTs that were signed at the last moment.
 */
const keptSecondsFor = ({ idleSeconds, maxSeconds }: { idleSeconds: number; maxSeconds: number }): number =>
  Math.min(idleSeconds, maxSeconds) + hour;

/** The variables that the service reads. */
export const settingNames: readonly string[] = ['NODE_ENV', ...namesIn(settings(true))];

/** What is set. Secrets that were made with `echo` end with a line break. */
function setIn(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const trimmed = Object.entries(env).map(([name, value = '']) => [name, value.trim()] as const);
  return Object.fromEntries(trimmed.filter(([, value]) => value !== ''));
}

type Values = ReturnType<typeof readTable<ReturnType<typeof settings>>>;

/** Settings that are right alone, but not with each other. One that is wrong alone is undefined, and so is never refused here. */
function contradictions(
  { port, healthPort, jwt, keys, session, closedAccountSeconds, limits: limiting }: Values,
  set: NodeJS.ProcessEnv,
  production: boolean,
): string[] {
  const refused: [boolean, string][] = [
    [port !== 0 && port === healthPort, 'HEALTH_PORT must be another port than PORT'],
    // The use of a session is recorded only when its JWT is renewed.
    [
      session.idleSeconds <= jwt.ttlSeconds,
      'SESSION_IDLE_SECONDS must be more than JWT_TTL_SECONDS, or sessions in use would end',
    ],
    [
      session.maxSeconds < jwt.ttlSeconds,
      'SESSION_MAX_SECONDS must not be less than JWT_TTL_SECONDS, or JWTs would outlive their session',
    ],
    [
      keys.rotationSeconds < 2 * keys.graceSeconds,
      'KEY_ROTATION_SECONDS must be at least twice KEY_GRACE_SECONDS, or keys would be replaced before they sign',
    ],
    [
      production && keptSecondsFor(session) > maxRotations * keys.rotationSeconds,
      `KEY_ROTATION_SECONDS must be at least SESSION_IDLE_SECONDS / ${maxRotations}, or too many keys would be kept`,
    ],
    [
      production && limiting.switch === 'off' && limiting.offAccepted === undefined,
      'LIMITS must not be off in production, unless LIMITS_OFF_ACCEPTED is yes',
    ],
    [
      set['MAIL'] === 'off' && set['CLOSED_ACCOUNT_SECONDS'] !== undefined && closedAccountSeconds > 0,
      'CLOSED_ACCOUNT_SECONDS must not be more than 0 with MAIL=off, because no link could bring an account back',
    ],
  ];
  return refused.filter(([is]) => is).map(([, problem]) => problem);
}

/** Production needs a mail server unless it turns mail off; and verifying addresses needs one everywhere. */
function mailProblems(set: NodeJS.ProcessEnv, production: boolean): string[] {
  const off = set['MAIL'] === 'off';
  if (set['SMTP_URL'] && !off) return [];
  const needing = { REQUIRE_VERIFIED_EMAIL: 'true', SIGNUP_MODE: 'verify-first' };
  return [
    ...(production && !off ? ['SMTP_URL must be set, or MAIL to off'] : []),
    ...Object.entries(needing).flatMap(([name, asked]) =>
      set[name] === asked ? [`${name} must not be ${asked} without SMTP_URL`] : [],
    ),
  ];
}
