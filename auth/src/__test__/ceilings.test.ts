import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { useService } from '../test/service';

const service = useService({ mailing: 'off' });

const page = readFileSync(path.resolve(__dirname, '../../docs/ceilings.md'), 'utf8');
const rows = page.split('\n').filter((line) => line.startsWith('| '));

describe('S60 docs/ceilings.md', () => {
  it('has a row for each collection, and one document is enough for `meta`', async () => {
    const listed = [...page.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name);
    const present = (await service.connection.db?.collections()) ?? [];
    expect(listed.sort()).toEqual(present.map(({ collectionName }) => collectionName).sort());
    expect(await service.connection.collection('meta').countDocuments()).toBe(1);
  });

  it('names for each bound a file with a test of this row', () => {
    const files = readdirSync(path.resolve(__dirname, '..'), { recursive: true, encoding: 'utf8' });
    const named = new Set(rows.flatMap((row) => row.match(/[\w-]+\.test\.ts/g) ?? []));
    expect(named.size).toBeGreaterThan(10);
    for (const name of named) {
      const file = files.find((each) => path.basename(each) === name) ?? name;
      expect([name, readFileSync(path.resolve(__dirname, '..', file), 'utf8')]).toEqual([
        name,
        expect.stringMatching(/(it|describe)(\.each)?[^\n]*\bS60\b|\]\)\(["'][^\n]*\bS60\b/),
      ]);
    }
  });

  it('has a test or says that there is no bound, in every row', () => {
    const open = rows.filter((row) => !/\.test\.ts|^\| -|^\| (collection|what) /.test(row));
    for (const row of open) expect(row).toContain('unbounded: each costs no hash and stores nothing');
  });
});
