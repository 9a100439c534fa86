import { generateKeyPairSync } from 'node:crypto';
import { ConfigError, readConfig } from '../config';

const pem = (type: 'P-256' | 'P-384' | 'rsa'): string => {
  const { privateKey } =
    type === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: type });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
};

const production = {
  MONGO_URI: 'mongodb://auth-mongo-srv:27017/auth',
  PUBLIC_URL: 'https://ticketing.dev',
  TRUST_PROXY: '1',
  JWT_PRIVATE_KEY: pem('P-256'),
  SMTP_URL: 'smtp://mailer:hush@smtp.example.com:587',
};
const development = { NODE_ENV: 'development', MONGO_URI: production.MONGO_URI };

function problemsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('settings', () => {
  it('are those of production unless NODE_ENV says otherwise', () => {
    const config = readConfig(production);
    expect(config).toMatchObject({
      production: true,
      port: 3000,
      healthPort: 3001,
      trustedProxies: 1,
      jwt: { issuer: 'https://ticketing.dev', audience: 'ticketing', ttlSeconds: 900 },
      session: { idleSeconds: 604_800, maxSeconds: 2_592_000 },
      password: { cost: { ln: 15, r: 8, p: 3 } },
    });
    expect(config.jwt.key?.asymmetricKeyType).toBe('ec');
  });

  it('need only a database in development, where an empty one is as good as none', () => {
    const config = readConfig({ ...development, PORT: '', JWT_PRIVATE_KEY: '' });
    expect(config).toMatchObject({
      production: false,
      port: 3000,
      jwt: { key: undefined, issuer: 'http://localhost:3000' },
    });
  });

  it('take a key whose line breaks are written out', () => {
    expect(
      problemsOf({ ...production, JWT_PRIVATE_KEY: production.JWT_PRIVATE_KEY.replaceAll('\n', '\\n') }),
    ).toEqual([]);
  });

  it('S25 name everything that production misses', () => {
    expect(problemsOf({})).toEqual([
      expect.stringMatching(/^MONGO_URI must/),
      expect.stringMatching(/^PUBLIC_URL must/),
      expect.stringMatching(/^TRUST_PROXY must/),
      expect.stringMatching(/^JWT_PRIVATE_KEY must/),
      expect.stringMatching(/^SMTP_URL must/),
    ]);
  });

  it('S25 ask production for a mail server, unless it says that it sends no mail', () => {
    const { SMTP_URL, ...without } = production;
    expect(SMTP_URL).toBeDefined();
    expect(problemsOf(without)).toEqual(['SMTP_URL must be set, or MAIL to off']);
    expect(readConfig({ ...without, MAIL: 'off' }).mail).toBeUndefined();
    expect(readConfig(production).mail).toMatchObject({ from: 'ticketing <no-reply@ticketing.dev>' });
    expect(readConfig(development).mail).toBeUndefined();
  });

  it.each([
    ['REQUIRE_VERIFIED_EMAIL', 'true'],
    ['SIGNUP_MODE', 'verify-first'],
  ])('S25 refuse %s=%s where no mail is sent', (name, value) => {
    expect(problemsOf({ ...production, MAIL: 'off', [name]: value })).toEqual([
      `${name} must not be ${value} without SMTP_URL`,
    ]);
    expect(problemsOf({ ...production, [name]: value })).toEqual([]);
  });

  it.each([
    ['NODE_ENV', 'prod'],
    ['PORT', '70000'],
    ['PORT', '3000x'],
    ['HEALTH_PORT', '-1'],
    ['LOG_LEVEL', 'loud'],
    ['MONGO_URI', 'postgres://somebody:hush@host/auth'],
    ['MONGO_URI', 'mongodb://somebody:hush@host:27017'],
    ['PUBLIC_URL', 'http://ticketing.dev'],
    ['PUBLIC_URL', 'ticketing.dev'],
    ['TRUST_PROXY', 'true'],
    ['JWT_PRIVATE_KEY', 'hush'],
    ['JWT_PRIVATE_KEY', pem('P-384')],
    ['JWT_PRIVATE_KEY', pem('rsa')],
    ['JWT_TTL_SECONDS', '5'],
    ['SESSION_IDLE_SECONDS', '0'],
    ['SESSION_MAX_SECONDS', 'a month'],
    ['PASSWORD_COST', 'ln=10,r=8,p=1'],
    ['PASSWORD_COST', 'ln=15,r=8,p=1'],
    ['PASSWORD_COST', '32768'],
    ['PASSWORD_COST', 'ln=22,r=8,p=1'],
    ['HASH_CONCURRENCY', '0'],
    ['HASH_QUEUE', '1.5'],
    ['PASSWORD_PROFILE', 'lax'],
    ['PWNED_PASSWORDS_URL', 'http://hush.example.com/range/'],
    ['PWNED_PASSWORDS_URL', 'https://hush.example.com/range'],
    ['MAIL', 'maybe'],
    ['SMTP_URL', 'https://hush@smtp.example.com'],
    ['SMTP_URL', 'smtp://'],
    ['MAIL_FROM', 'nobody'],
    ['MAIL_FROM', 'a@b.c\nBcc: hush@example.com'],
    ['REQUIRE_VERIFIED_EMAIL', 'yes'],
    ['SIGNUP_MODE', 'closed'],
  ])('S25 refuse %s=%j in production, with one line that names it and not its value', (name, value) => {
    const problems = problemsOf({ ...production, [name]: value });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^${name} (must|is) `));
    expect(problems[0]).not.toContain('hush');
    expect(problems[0]).not.toContain('BEGIN');
  });

  it.each(['ln=17,r=8,p=1', 'ln=14,r=8,p=5', 'ln=13,r=8,p=10'])('take the cost %s', (cost) => {
    expect(problemsOf({ ...production, PASSWORD_COST: cost })).toEqual([]);
  });

  it('take a cheap cost outside production', () => {
    expect(problemsOf({ ...development, PASSWORD_COST: 'ln=4,r=8,p=1' })).toEqual([]);
  });
});
