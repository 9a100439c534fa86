import type { Response } from 'supertest';

/** The JWT in a response's session cookie; undefined where it sets none. */
export function jwtFrom(response: Response): string | undefined {
  const [, value] = /^session=([^;]+)/.exec(response.get('Set-Cookie')?.[0] ?? '') ?? [];
  if (value === undefined) return undefined;
  const { jwt } = JSON.parse(Buffer.from(value, 'base64').toString()) as { jwt: string };
  return jwt;
}

/** A Cookie header whose session holds the given content. */
export const sessionCookieOf = (content: unknown): string =>
  `session=${Buffer.from(JSON.stringify(content)).toString('base64')}`;
