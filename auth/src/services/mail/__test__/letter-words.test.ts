import { linkLifetimes } from '../../../models/link-purposes';
import { format } from '../letter-format';
import { frame, letterWords as wordsFor, type Words } from '../letter-words';

const href = 'https://tickets.example/email-verification#token=abc-123_x';
const decline = 'https://tickets.example/email-verification?decline#token=abc-123_x';
const productName = 'Ada & <friends>';
const letterWords = wordsFor(productName);
const notice = letterWords['email-change-notice'];

const letters: Record<keyof typeof letterWords, Words> = {
  verification: letterWords.verification(),
  signup: letterWords.signup(),
  'already-signed-up': letterWords['already-signed-up'](),
  'password-reset': letterWords['password-reset'](),
  'password-changed': letterWords['password-changed'](),
  'email-change': letterWords['email-change'](),
  'email-change-notice': notice({ newEmail: 'new@example.com' }),
  'email-change-undone': letterWords['email-change-undone'](),
  'unverified-account-removed': letterWords['unverified-account-removed'](),
  'role-changed': letterWords['role-changed']({ role: 'admin' }),
  'new-sign-in': letterWords['new-sign-in']({
    signIns: [{ at: new Date('2030-01-02T03:04:05Z'), ip: '203.0.113.9', userAgent: 'curl/8.5.0' }],
    earlier: 3,
    until: new Date('2030-01-03T03:04:05Z'),
  }),
  'account-disabled': letterWords['account-disabled'](),
  'account-enabled': letterWords['account-enabled'](),
  'account-closed': letterWords['account-closed']({ until: new Date('2030-01-02T03:04:05Z') }),
  'account-closed-for-good': letterWords['account-closed-for-good'](),
  'account-reopened': letterWords['account-reopened'](),
};
const entities: Record<string, string> = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&amp;': '&' };
/** The text that a mail client shows for HTML. */
const visibleText = (html: string): string =>
  html
    .replace(/<style>[^]*<\/style>|<[^>]*>/g, '')
    .replace(/&(?:lt|gt|quot|amp);/g, (entity) => entities[entity] ?? entity);
const hrefs = (html: string): (string | undefined)[] =>
  [...html.matchAll(/href="([^"]*)"/g)].map(([, found]) => found);

describe.each(Object.entries(letters))('the letter %s', (_kind, words) => {
  const { subject, text, html } = format({
    productName,
    words,
    hrefs: words.link && { use: href, decline },
  });
  const links = words.link ? [href, ...(words.declines ? [decline] : [])] : [];
  const sentences = [frame.greeting, ...words.opening, ...words.closing];

  it('greets, names the service, and says what to do if the reader did not ask for it', () => {
    expect(text).toMatch(/^Hello,\n\n/);
    expect(words.opening.join(' ')).toContain(productName);
    expect(sentences.join(' ')).toContain("Wasn't you? ");
  });

  it('says the same in text and in HTML', () => {
    const all = [...sentences, productName, ...(words.link ? [words.link.button] : [])];
    for (const sentence of all) {
      expect(text).toContain(sentence);
      expect(visibleText(html)).toContain(sentence);
    }
    expect(visibleText(html)).toContain(subject);
  });

  it('loads nothing from other servers, and declares its language and dark mode', () => {
    expect(html).not.toMatch(/<(?:img|link|script|iframe|object|svg|video)\b|src=|srcset=|url\(|@import/i);
    expect(html).toContain('<html lang="en">');
    expect(html).toContain('<meta name="color-scheme" content="light dark">');
    expect(html).toContain('@media (prefers-color-scheme: dark)');
  });

  it('has its link as a line of text, as a button and as an address, and says how long it works', () => {
    const life = words.link ? [frame.lifeOf(words.link.purpose, words.link.until)] : [];
    expect(text.match(/^https?:.*$/gm) ?? []).toEqual(links);
    expect(hrefs(html)).toEqual(words.link ? [href, ...links] : []);
    expect(text.match(/^The link works once.*$/gm) ?? []).toEqual(life);
    expect(visibleText(html).match(/^The link works once.*$/gm) ?? []).toEqual(life);
    expect(visibleText(html).includes(frame.copyLink)).toBe(words.link !== undefined);
  });
});

describe('the wording of letters', () => {
  it('states the actual lifetime of each link', () => {
    const hour = 60 * 60 * 1000;
    expect(linkLifetimes).toMatchObject({
      signup: 24 * hour,
      'password-reset': hour,
      'email-change-undo': 7 * 24 * hour,
    });
    expect(frame.lifeOf('signup')).toBe('The link works once, within 24 hours.');
    expect(frame.lifeOf('password-reset')).toBe('The link works once, within 1 hour.');
    expect(frame.lifeOf('email-change-undo')).toBe('The link works once, within 7 days.');
    expect(frame.lifeOf('account-reopening', new Date('2030-01-02T03:04:05Z'))).toBe(
      'The link works once, until 2 January 2030 at 03:04 UTC.',
    );
  });

  it('is escaped in HTML, whatever it contains', () => {
    const hostile = '"><img/src=x/onerror=alert(1)>&lt;b&gt;\'@example.com';
    const { text, html } = format({
      productName,
      words: notice({ newEmail: hostile }),
      hrefs: { use: `${href}"><script>alert(1)</script>`, decline },
    });
    expect(text).toContain(` to ${hostile}.\n`);
    expect(visibleText(html)).toContain(` to ${hostile}.\n`);
    expect(html).not.toMatch(/<img|<script/);
    expect(hrefs(html)).toEqual(Array(2).fill(`${href}&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;`));
    const subject = '</title><script>alert(1)</script>';
    const words = { subject, opening: [], closing: [] };
    expect(format({ productName: subject, words }).html).not.toContain('<script');
  });
});
