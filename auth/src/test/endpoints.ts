import { password } from './service';

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
export type Caller = 'anyone' | 'user' | 'admin';
type Body = Record<string, unknown>;

/** Whose account it is that the bodies are about. */
export const member = 'contract@example.com';
const token = 'a'.repeat(43);
const someId = '/0123456789abcdef01234567';

/** Every endpoint: whom it is for, and a body that is sound. What each answers is in the tests of its route. */
export const endpoints: readonly [Method, string, Caller, Body?][] = [
  ['post', '/signup', 'anyone', { email: member, password, name: 'Ada' }],
  ['post', '/signin', 'anyone', { email: member, password }],
  ['post', '/signout', 'anyone', {}],
  ['get', '/currentuser', 'anyone'],
  ['get', '/sessions', 'user'],
  ['delete', '/sessions/some-id', 'user', {}],
  ['delete', '/sessions', 'user', {}],
  ['patch', '/me', 'user', { name: 'Ada', version: 0 }],
  ['put', '/me/password', 'user', { currentPassword: password, password }],
  ['put', '/me/email', 'user', { email: member, password }],
  ['delete', '/me', 'user', { password }],
  ['post', '/email-verification', 'user', {}],
  ['post', '/email-verification/confirm', 'anyone', { token }],
  ['post', '/password-reset', 'anyone', { email: member }],
  ['post', '/password-reset/confirm', 'anyone', { token, password }],
  ['get', '/', 'admin'],
  ['get', someId, 'admin'],
  ['patch', someId, 'admin', { role: 'user', disabled: false, version: 0 }],
  ['delete', someId, 'admin', {}],
  ['delete', `${someId}/sessions`, 'admin', {}],
];
