import type { Express } from 'express';
import { password } from './service';

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
export type Caller = 'anyone' | 'user' | 'admin';
type Body = Record<string, unknown>;

/** The address of the account that the request bodies name. */
export const member = 'contract@example.com';
const token = 'a'.repeat(43);
const someId = '/0123456789abcdef01234567';

/** Every endpoint, with who may call it and a valid body. The tests of its route cover the responses. */
export const endpoints: readonly [Method, string, Caller, Body?][] = [
  ['post', '/signup', 'anyone', { email: member, password, name: 'Ada' }],
  ['post', '/signin', 'anyone', { email: member, password }],
  ['post', '/signout', 'anyone', {}],
  ['get', '/currentuser', 'anyone'],
  ['get', '/.well-known/jwks.json', 'anyone'],
  ['get', '/sessions', 'user'],
  ['delete', '/sessions/some-id', 'user', {}],
  ['delete', '/sessions', 'user', {}],
  ['patch', '/me', 'user', { name: 'Ada', version: 0 }],
  ['post', '/me/confirm-password', 'user', { password }],
  ['put', '/me/password', 'user', { currentPassword: password, password }],
  ['get', '/me/email', 'user'],
  ['put', '/me/email', 'user', { email: member, password }],
  ['delete', '/me', 'user', { password }],
  ['post', '/email-verification', 'user', {}],
  ['post', '/email-verification/confirm', 'anyone', { token, password, name: 'Ada' }],
  ['post', '/email-verification/decline', 'anyone', { token }],
  ['post', '/password-reset', 'anyone', { email: member }],
  ['post', '/password-reset/confirm', 'anyone', { token, password }],
  ['get', '/me/activity', 'user'],
  ['get', '/audit', 'admin'],
  ['get', '/', 'admin'],
  ['get', someId, 'admin'],
  ['patch', someId, 'admin', { role: 'user', disabled: false, version: 0 }],
  ['delete', someId, 'admin', {}],
  ['delete', `${someId}/sessions`, 'admin', {}],
];

/** Whether an endpoint needs fresh authentication: each one for a user or an admin, by hand (ASVS 7.5). */
export const needsFresh: Readonly<Record<string, boolean>> = {
  'get /sessions': false,
  'delete /sessions/some-id': true,
  'delete /sessions': true,
  'patch /me': false,
  'post /me/confirm-password': false,
  'get /me/email': false,
  // The next three need the password itself.
  'put /me/password': false,
  'put /me/email': false,
  'delete /me': false,
  'post /email-verification': false,
  'get /me/activity': false,
  'get /audit': true,
  'get /': false,
  [`get ${someId}`]: false,
  [`patch ${someId}`]: true,
  [`delete ${someId}`]: true,
  [`delete ${someId}/sessions`]: true,
};

/** Every parameter of a query that an endpoint reads. */
export const queryParameters: readonly [Method, string, Caller, string][] = [
  ['get', '/', 'admin', 'email'],
  ['get', '/', 'admin', 'role'],
  ['get', '/', 'admin', 'limit'],
  ['get', '/', 'admin', 'cursor'],
  ['get', '/me/activity', 'user', 'limit'],
  ['get', '/me/activity', 'user', 'cursor'],
  ['get', '/audit', 'admin', 'user'],
  ['get', '/audit', 'admin', 'actor'],
  ['get', '/audit', 'admin', 'action'],
  ['get', '/audit', 'admin', 'outcome'],
  ['get', '/audit', 'admin', 'from'],
  ['get', '/audit', 'admin', 'to'],
  ['get', '/audit', 'admin', 'limit'],
  ['get', '/audit', 'admin', 'cursor'],
];

interface Layer {
  regexp: RegExp;
  route?: { path: string; methods: Record<string, boolean> };
  handle: { stack?: Layer[] };
}

/** Every route below /api/users, read from the app's router. */
export function routesOf(app: Express) {
  const { stack } = (app as unknown as { _router: { stack: Layer[] } })._router;
  const router = stack.find(({ regexp, handle }) => handle.stack && regexp.test('/api/users'));
  return (router?.handle.stack ?? []).flatMap(({ regexp, route }) =>
    route
      ? {
          path: route.path,
          methods: Object.keys(route.methods).filter((method) => method !== '_all'),
          matches: (path: string) => regexp.test(path),
        }
      : [],
  );
}
