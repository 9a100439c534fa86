import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { inputLimits } from '../../input-limits';
import { roles } from '../../models/user';
import { errorCodes } from '../error-codes';

const sources = path.resolve(__dirname, '../..');
const page = readFileSync(path.resolve(sources, '../docs/api.md'), 'utf8');

/** The cells of the table's rows below a heading of docs/api.md. */
function table(heading: string): string[][] {
  const [, section = ''] = page.split(`\n## ${heading}\n`);
  const [own = ''] = section.split('\n## ');
  const rows = own.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** Every file of the service's source but its tests and the table itself. */
const files = readdirSync(sources, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && !/(^|\/)(__test__|test)\/|error-codes/.test(file),
);

it('docs/api.md lists every error code with its status, and no other', () => {
  const listed = table('Error codes').map(([code, status]) => `${code ?? ''} ${status ?? ''}`);
  const defined = Object.entries(errorCodes).map(([code, { status }]) => `\`${code}\` ${status}`);
  expect(listed).toEqual(defined);
  for (const [code, , meaning] of table('Error codes'))
    expect([code, meaning]).toEqual([code, expect.stringMatching(/\w/)]);
});

it('every error code is used by the source', () => {
  const source = files.map((file) => readFileSync(path.join(sources, file), 'utf8')).join('\n');
  expect(Object.keys(errorCodes).filter((code) => !source.includes(`'${code}'`))).toEqual([]);
});

it('error codes are in lower_snake_case, and their messages in one form', () => {
  for (const [code, { message }] of Object.entries(errorCodes)) {
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
    expect([code, message]).toEqual([code, expect.stringMatching(/^[A-Z][^\n]*[^.!\n]$/)]);
  }
  expect(errorCodes.role_invalid.message).toBe(`Role must be ${roles.join(' or ')}`);
});

it('docs/api.md has the limits of the inputs', () => {
  const rules = Object.fromEntries(table('Limits of the inputs').map(([input, rule]) => [input, rule]));
  const limits = inputLimits;
  expect(rules).toMatchObject({
    'a body': expect.stringContaining(`${limits.bodyBytes / 1024} KiB`),
    '`email`': expect.stringContaining(`at most ${limits.emailCharacters} characters`),
    '`password`, new': expect.stringContaining(
      `${limits.passwordMinCharacters} to ${limits.passwordMaxCharacters} characters`,
    ),
    '`password`, new, with `PASSWORD_PROFILE=strict`': expect.stringContaining(
      `from ${limits.strictPasswordMinCharacters} characters`,
    ),
    '`name`': expect.stringContaining(`1 to ${limits.nameCharacters} characters`),
    '`?email=`': expect.stringContaining(`at most ${limits.emailCharacters} characters`),
    '`?limit=`': `1 to ${limits.pageEntries}; ${limits.defaultPageEntries} if it is missing`,
  });
});
