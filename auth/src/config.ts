import { createPrivateKey, type KeyObject } from 'node:crypto';
import os from 'node:os';
import { z } from 'zod';
import { formatCost, isStrong, parseCost, type ScryptCost } from './services/scrypt-cost';

export interface Config {
  production: boolean;
  port: number;
  healthPort: number;
  logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'silent';
  mongoUri: string;
  publicUrl: URL;
  trustedProxies: number;
  jwt: {
    /** Undefined where none is set, which production refuses: one is made for the life of the process. */
    key: KeyObject | undefined;
    issuer: string;
    audience: string;
    ttlSeconds: number;
  };
  session: { idleSeconds: number; maxSeconds: number };
  password: { cost: ScryptCost; concurrency: number; queue: number };
  passwordRules: { profile: 'default' | 'strict'; pwnedUrl: URL | undefined };
  /** Undefined where the service sends no mail. */
  mail: { url: URL; from: string } | undefined;
  requireVerifiedEmail: boolean;
  signupMode: 'open' | 'verify-first';
}

/** Settings that are missing or wrong: a line each, with the setting's name and never its value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
  }
}

const owaspCost: ScryptCost = { ln: 15, r: 8, p: 3 };
const day = 24 * 60 * 60;
// Hashing leaves libuv's four threads one for DNS and files.
const hashesAtOnce = Math.min(os.availableParallelism(), 3);

/**
 * Reads the settings. NODE_ENV is `production` unless it says otherwise, so that forgetting it is safe.
 * @throws {ConfigError} naming every setting that is missing or wrong
 */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const mode = z.enum(['production', 'development', 'test']).safeParse(set['NODE_ENV'] ?? 'production');
  const production = !mode.success || mode.data === 'production';
  const parsed = settings(production).safeParse(set);
  const problems = [...(parsed.error?.issues ?? []).map(describe), ...mailProblems(set, production)];
  if (!mode.success) problems.unshift('NODE_ENV must be production, development or test');
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);

  const value = parsed.data;
  return {
    production,
    port: value.PORT,
    healthPort: value.HEALTH_PORT,
    logLevel: value.LOG_LEVEL,
    mongoUri: value.MONGO_URI,
    publicUrl: value.PUBLIC_URL,
    trustedProxies: value.TRUST_PROXY,
    jwt: {
      key: value.JWT_PRIVATE_KEY,
      issuer: value.JWT_ISSUER ?? value.PUBLIC_URL.origin,
      audience: value.JWT_AUDIENCE,
      ttlSeconds: value.JWT_TTL_SECONDS,
    },
    session: { idleSeconds: value.SESSION_IDLE_SECONDS, maxSeconds: value.SESSION_MAX_SECONDS },
    password: { cost: value.PASSWORD_COST, concurrency: value.HASH_CONCURRENCY, queue: value.HASH_QUEUE },
    passwordRules: { profile: value.PASSWORD_PROFILE, pwnedUrl: value.PWNED_PASSWORDS_URL },
    mail: value.MAIL === 'on' && value.SMTP_URL ? { url: value.SMTP_URL, from: value.MAIL_FROM } : undefined,
    requireVerifiedEmail: value.REQUIRE_VERIFIED_EMAIL === 'true',
    signupMode: value.SIGNUP_MODE,
  };
}

const settings = (production: boolean) =>
  z.object({
    PORT: whole(0, 65535).default(3000),
    HEALTH_PORT: whole(0, 65535).default(3001),
    LOG_LEVEL: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'silent').default('info'),
    MONGO_URI: text('must be set to a MongoDB URI that names a database: mongodb://host:27017/auth').refine(
      (uri) => /^mongodb(\+srv)?:\/\/[^/?#\s]+\/[^/?#\s]+(\?\S*)?$/.test(uri),
      'must be a MongoDB URI that names a database: mongodb://host:27017/auth',
    ),
    PUBLIC_URL: production
      ? text('must be set to the https:// address that browsers use').transform(asUrl('https:'))
      : z.string().default('http://localhost:3000').transform(asUrl('https:', 'http:')),
    TRUST_PROXY: production
      ? whole(0, 10, 'must be set to the number of proxies in front, from 0 to 10')
      : whole(0, 10).default(0),
    JWT_PRIVATE_KEY: production
      ? text('must be set to an EC P-256 private key in PEM').transform(asSigningKey)
      : z.string().transform(asSigningKey).optional(),
    JWT_ISSUER: z.string().optional(),
    JWT_AUDIENCE: z.string().default('ticketing'),
    JWT_TTL_SECONDS: whole(production ? 60 : 1, 3600).default(15 * 60),
    SESSION_IDLE_SECONDS: whole(1, 365 * day).default(7 * day),
    SESSION_MAX_SECONDS: whole(1, 365 * day).default(30 * day),
    PASSWORD_COST: z.string().default(formatCost(owaspCost)).transform(asCost(production)),
    HASH_CONCURRENCY: whole(1, 64).default(hashesAtOnce),
    HASH_QUEUE: whole(0, 10_000).default(64),
    PASSWORD_PROFILE: oneOf('default', 'strict').default('default'),
    PWNED_PASSWORDS_URL: z
      .string()
      .transform(asUrl('https:', ...(production ? [] : ['http:'])))
      .refine(({ pathname }) => pathname.endsWith('/'), 'must end with a slash')
      .optional(),
    MAIL: oneOf('on', 'off').default('on'),
    SMTP_URL: z.string().transform(asMailServer).optional(),
    MAIL_FROM: z
      .string()
      .regex(/^(?:[^<>@"\r\n]+ <[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/, mailFrom)
      .default('ticketing <no-reply@ticketing.dev>'),
    REQUIRE_VERIFIED_EMAIL: oneOf('true', 'false').default('false'),
    SIGNUP_MODE: oneOf('open', 'verify-first').default('open'),
  });

const mailFrom = 'must be an address, or a name with one: ticketing <no-reply@ticketing.dev>';

/** Production has mail or says that it wants none; and nobody can be asked to verify an address without it. */
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

const text = (missing: string) => z.string(missing);

function whole(least: number, most: number, message = `must be a whole number from ${least} to ${most}`) {
  return z
    .string(message)
    .regex(/^\d{1,9}$/, { error: message, abort: true })
    .transform(Number)
    .pipe(z.number().min(least, message).max(most, message));
}

function oneOf<const T extends string>(...values: T[]) {
  return z.enum(values, `must be one of ${values.join(', ')}`);
}

type Refuse = z.RefinementCtx;

const refuse = (context: Refuse, message: string): never => {
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
};

const asUrl =
  (...protocols: string[]) =>
  (value: string, context: Refuse): URL =>
    URL.canParse(value) && protocols.includes(new URL(value).protocol)
      ? new URL(value)
      : refuse(context, `must be an absolute URL that starts with ${protocols.join('// or ')}//`);

function asMailServer(value: string, context: Refuse): URL {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url && ['smtp:', 'smtps:'].includes(url.protocol) && url.hostname !== '') return url;
  return refuse(context, 'must be written like smtp://user:password@host:587');
}

/** A key in an environment file may have its line breaks written as \n. */
function asSigningKey(pem: string, context: Refuse): KeyObject {
  try {
    const key = createPrivateKey(pem.replaceAll('\\n', '\n'));
    if (key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key;
  } catch {
    // Not a private key at all: the same answer.
  }
  return refuse(context, 'must be an EC P-256 private key in PEM');
}

const asCost =
  (production: boolean) =>
  (value: string, context: Refuse): ScryptCost => {
    const cost = parseCost(value);
    if (!cost) return refuse(context, 'must be written like ln=15,r=8,p=3, and take at most 256 MiB');
    if (production && !isStrong(cost))
      return refuse(context, 'is too weak for production: ln=15,r=8,p=3 or more');
    return cost;
  };

const describe = ({ path, message }: { path: PropertyKey[]; message: string }): string =>
  `${path.map(String).join('.')} ${message}`;
