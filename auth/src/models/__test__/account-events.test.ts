import { readFileSync } from 'node:fs';
import path from 'node:path';
import { accountEvents, accountLinks, type EventEffects } from '../account-events';

const page = readFileSync(path.resolve(__dirname, '../../../docs/revocation.md'), 'utf8');

const words = {
  none: '–',
  one: 'this one',
  others: 'all others',
  all: 'all',
  kept: '–',
  ended: 'ends',
  later: 'of this change and later ones',
};

it('docs/revocation.md has the table of what each event ends', () => {
  const table = page
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  const effects: [string, EventEffects][] = Object.entries(accountEvents);
  const rows = effects.map(([event, { sessions, raisesGen, devices, links }]) => [
    event.replaceAll('-', ' '),
    words[sessions],
    raisesGen ? 'rises' : '–',
    devices === 'ended' ? 'end' : '–',
    ...accountLinks.map((purpose) => words[links[purpose]]),
  ]);
  expect(table.slice(2)).toEqual(rows);
  // The columns of the links are in the order of the code.
  expect(accountLinks).toEqual([
    'verification',
    'password-reset',
    'email-change',
    'email-change-undo',
    'account-reopening',
  ]);
});
