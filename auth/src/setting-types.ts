import { createPrivateKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { charactersIn } from './input-limits';
import { faultOfMongoUri } from './models/mongo-uri';
import { parseRate, type Rate } from './services/limits/rate';
import { keyEncryptionKeyBytes } from './services/keys/key-encryption';
import { parseSender } from './services/mail/sender';
import { isStrong, parseCost, type ScryptCost } from './services/passwords/scrypt-cost';

// What a setting may be. Each message continues a sentence that begins with the setting's name.

/** Any text, for a setting that must be there. */
export const text = (whenMissing: string) => z.string(whenMissing);

export function wholeNumber(
  min: number,
  max: number,
  message = `must be a whole number from ${min} to ${max}`,
) {
  return z
    .string(message)
    .regex(/^\d{1,9}$/, { error: message, abort: true })
    .transform(Number)
    .pipe(z.number().min(min, message).max(max, message));
}

export function oneOf<const T extends string>(...values: T[]) {
  return z.enum(values, `must be one of ${values.join(', ')}`);
}

/** `true` or `false`; false where it is not set. */
export const flag = () =>
  oneOf('true', 'false')
    .default('false')
    .transform((value) => value === 'true');

/** `on` or `off`; true where it is on or not set. */
export const onOff = () =>
  oneOf('on', 'off')
    .default('on')
    .transform((value) => value === 'on');

type Context = z.RefinementCtx;

const refuse = (context: Context, message: string): never => {
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
};

type ReadUrl = (value: string, context: Context) => URL;

const asUrl =
  (...protocols: string[]): ReadUrl =>
  (value, context) =>
    URL.canParse(value) && protocols.includes(new URL(value).protocol)
      ? new URL(value)
      : refuse(context, `must be an absolute URL that starts with ${protocols.join('// or ')}//`);

/** The origin of a web site. Anything after it would have no effect. */
export const asOrigin =
  (...protocols: string[]): ReadUrl =>
  (value, context) => {
    const url = asUrl(...protocols)(value, context);
    if (context.issues.length > 0 || url.href === `${url.origin}/`) return url;
    return refuse(context, 'must end after the host and the port: no user, path, query or fragment');
  };

/** The URL of a folder, to which names are appended. */
export const asFolder =
  (...protocols: string[]): ReadUrl =>
  (value, context) => {
    const url = asUrl(...protocols)(value, context);
    if (context.issues.length > 0) return url;
    if (!url.pathname.endsWith('/')) return refuse(context, 'must end with a slash');
    if (url.href === url.origin + url.pathname) return url;
    return refuse(context, 'must have no user, query or fragment');
  };

export function asMailServer(value: string, context: Context): URL {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const isAddress =
    url &&
    ['smtp:', 'smtps:'].includes(url.protocol) &&
    url.hostname !== '' &&
    ['', '/'].includes(url.pathname) &&
    url.hash === '' &&
    url.port !== '0' &&
    isDecodable(url.username + url.password);
  if (!isAddress) return refuse(context, 'must be written like smtp://user:password@host:587');
  const unknown = [...url.searchParams.keys()].filter((name) => !Object.hasOwn(mailServerOptions, name));
  if (unknown.length > 0)
    return refuse(
      context,
      `must have no option but ${Object.keys(mailServerOptions).join(', ')}: ${unknown.filter(isWord).join(', ') || 'another one'}`,
    );
  for (const [name, pattern] of Object.entries(mailServerOptions))
    if (!url.searchParams.getAll(name).every((given) => pattern.test(given)))
      return refuse(context, `must have another value of its option ${name}`);
  return url;
}

/** The options that a mail server's URL may have. Others would turn encryption or its checks off, or break the service. */
const mailServerOptions: Readonly<Record<string, RegExp>> = {
  requireTLS: /^(true|false)$/,
  /** The name that this host introduces itself with. */
  name: /^[a-z\d.-]+$/i,
  /** The name that the server's certificate must have. */
  'tls.servername': /^[a-z\d.-]+$/i,
};

const isWord = (name: string): boolean => /^[a-z.]{1,40}$/i.test(name);

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

export function asSender(value: string, context: Context): string {
  return parseSender(value)
    ? value
    : refuse(context, 'must be an address, or a name with one: ticketing <no-reply@ticketing.dev>');
}

/** A name that pages and mails show as it is written. */
export function asProductName(value: string, context: Context): string {
  if (charactersIn(value) > maxNameCharacters || isMisread.test(value) || !isSeen.test(value))
    return refuse(context, `must be a name of at most ${maxNameCharacters} characters that are visible`);
  return value;
}

const maxNameCharacters = 40;

// Control characters are refused in every setting. These are not seen, change the direction of what follows them, or begin a
// line. Some scripts and emoji need the two joiners.
const isMisread = /[\p{Cs}\p{Cn}\p{Co}\u2028\u2029]|(?![\u200C\u200D])\p{Cf}/u;
const isSeen = /[\p{L}\p{N}\p{S}]/u;

export function asMongoUri(value: string, context: Context): string {
  const fault = faultOfMongoUri(value);
  return fault === undefined ? value : refuse(context, fault);
}

/** A private key in PEM. Environment files often contain its line breaks as \n. */
export function asSigningKey(pem: string, context: Context): KeyObject {
  try {
    const key = createPrivateKey(pem.replaceAll('\\n', '\n'));
    if (key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key;
  } catch {
    // It is not a private key at all: refused with the same message.
  }
  return refuse(context, 'must be an EC P-256 private key in PEM');
}

/** One key of 32 random bytes in base64, or two with a comma between. */
export function asKeyEncryptionKeys(value: string, context: Context): Buffer[] {
  const texts = value.split(',').map((text) => text.trim());
  const keys = texts.map((text) => Buffer.from(text, 'base64'));
  if (keys.length > 2 || keys.some((key, n) => !isKeyEncryptionKey(key, texts[n])))
    return refuse(
      context,
      'must be 32 random bytes in base64, or two of those with a comma between: the new one first',
    );
  if (texts[0] === texts[1]) return refuse(context, 'must not contain the same key twice');
  return keys;
}

// Of 32 random bytes, fewer than 16 are different about once in 10^12 times.
const isKeyEncryptionKey = (key: Buffer, text: string | undefined): boolean =>
  key.length === keyEncryptionKeyBytes && key.toString('base64') === text && new Set(key).size >= 16;

export const asRate = (value: string, context: Context): Rate =>
  parseRate(value) ??
  refuse(context, 'must be written like 50/1h: a number, and a window in s, m, h or d of at most one day');

export const asCost =
  (production: boolean) =>
  (value: string, context: Context): ScryptCost => {
    const cost = parseCost(value);
    if (!cost) return refuse(context, 'must be written like ln=15,r=8,p=3, and use at most 256 MiB');
    if (production && !isStrong(cost))
      return refuse(context, 'is too weak for production: ln=15,r=8,p=3 or more');
    return cost;
  };
