const { dataset } = document.documentElement;

/** What the service tells of its settings, in attributes of the page. */
export const settings = {
  sendsMail: dataset['mail'] === 'on',
  verifyFirst: dataset['signup'] === 'verify-first',
  passwordMinCharacters: Number(dataset['passwordMin'] ?? 8),
  closedAccountSeconds: Number(dataset['closedSeconds'] ?? 0),
};

export type Settings = typeof settings;
