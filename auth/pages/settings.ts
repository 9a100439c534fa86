import { minCharacters, type PasswordProfile } from '../src/password-shape';

const { dataset } = document.documentElement;
const passwordProfile: PasswordProfile = dataset['passwords'] === 'strict' ? 'strict' : 'default';

/** What the service tells of its settings, in attributes of the page. */
export const settings = {
  productName: dataset['product'] ?? '',
  sendsMail: dataset['mail'] === 'on',
  verifyFirst: dataset['signup'] === 'verify-first',
  passwordProfile,
  passwordMinCharacters: minCharacters(passwordProfile),
  closedAccountSeconds: Number(dataset['closedSeconds'] ?? 0),
};

export type Settings = typeof settings;
