import type { Response } from 'supertest';

/** The JWT in the session cookie that a response sets; undefined if it sets none. */
export const jwtFrom = (response: Response): string | undefined => jwtIn(response.get('Set-Cookie')?.[0]);

/** The JWT in a Set-Cookie header; undefined if there is none. */
export function jwtIn(setCookie = ''): string | undefined {
  const [, value] = /^session=([^;]+)/.exec(setCookie) ?? [];
  if (value === undefined) return undefined;
  const { jwt } = JSON.parse(Buffer.from(value, 'base64').toString()) as { jwt: string };
  return jwt;
}

/** A Cookie header whose session cookie has the given content. */
export const sessionCookieOf = (content: unknown): string =>
  `session=${Buffer.from(JSON.stringify(content)).toString('base64')}`;

/** The content of the `device` cookie that a response sets; undefined if it sets none. */
export const deviceFrom = (response: Response): string | undefined =>
  response.get('Set-Cookie')?.flatMap((cookie) => /^device=([^;]+)/.exec(cookie)?.[1] ?? [])[0];
