import { cellTable } from '../cell-table';
import { markdownTable } from '../markdown';
import { targetTable } from '../targets';
import { makeReport } from './make-report';

/** The cells of a table's rows, without its header and rule. */
const rowsOf = (table: string): string[][] =>
  table
    .split('\n')
    .slice(2)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((text) => text.trim()),
    );

describe('a table', () => {
  it('lines its columns up, the first to the left and the others to the right', () => {
    expect(
      markdownTable(
        ['name', 'n'],
        [
          ['a', '1'],
          ['longer', '12345'],
        ],
      ),
    ).toBe(
      ['| name   |     n |', '| ------ | ----: |', '| a      |     1 |', '| longer | 12345 |'].join('\n'),
    );
  });
});

describe('the table of cells', () => {
  it('divides the CPU time of service and mongod by that of the baseline', () => {
    const report = makeReport({
      Express: { cpu: 50 },
      'current user': { cpu: 100, mongod: 25, baseline: 'Express' },
    });
    const [express = [], currentUser = []] = rowsOf(cellTable(report));
    expect(express.slice(3, 6)).toEqual(['50', '', '']);
    expect(currentUser.slice(3, 6)).toEqual(['100', '25', '2.50 × Express']);
  });

  it('lists errors by their reason', () => {
    const errors = { 'status 503': 2, 'connection closed': 1 };
    const [row = []] = rowsOf(cellTable(makeReport({ 'sign-in': { cpu: 1, errors } })));
    expect(row.at(-1)).toBe('2 × status 503, 1 × connection closed');
  });
});

describe('the table of targets', () => {
  it('says which targets are met', () => {
    const report = makeReport({
      scrypt: { cpu: 100_000, perSecond: 20 },
      'sign-in': { cpu: 103_000, mongod: 3000, perSecond: 19, baseline: 'scrypt' },
    });
    expect(rowsOf(targetTable(report))).toEqual([
      ['sign-in: throughput × scrypt', '0.95', '≥ 0.92', 'yes'],
      ['sign-in: CPU beside the hash', '6.00 %', '≤ 5 %', 'no'],
      ['start to ready', '400 ms', '≤ 500 ms', 'yes'],
      ['RSS, idle', '96.0 MB', '≤ 95 MB', 'no'],
      ['RSS, peak', '180 MB', '≤ 190 MB', 'yes'],
    ]);
  });
});
