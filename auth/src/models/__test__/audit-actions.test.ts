import { readFileSync } from 'node:fs';
import path from 'node:path';
import { auditActions } from '../audit-actions';

const page = readFileSync(path.resolve(__dirname, '../../../docs/audit.md'), 'utf8');

it('S49 docs/audit.md lists every action with how it is recorded, and no other', () => {
  const rows = [...page.matchAll(/^\| `([a-z-]+)` +\| (each|minute) +\| (.+?) +\|$/gm)];
  expect(Object.fromEntries(rows.map(([, action, entries]) => [action, entries]))).toEqual(auditActions);
});
