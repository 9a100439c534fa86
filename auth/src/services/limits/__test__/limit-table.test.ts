import { readFileSync } from 'node:fs';
import path from 'node:path';
import { limitNames, limits } from '../limit-table';
import { networkOf } from '../../network';
import { parseRate } from '../rate';

const page = readFileSync(path.resolve(__dirname, '../../../../docs/limits.md'), 'utf8');

it('docs/limits.md has the table of the limits, and a reason for each default', () => {
  const rows = [...page.matchAll(/^\| `(LIMIT_\w+)` +\| `([\w/]+)` +\|[^|]+\|([^|]+)\|([^|]+)\|$/gm)];
  const listed = rows.map(([, setting, rate, per, success]) => [setting, rate, per?.trim(), success?.trim()]);
  const defined = limitNames.map((name) => {
    const { setting, default: rate, per, givesBack } = limits[name];
    return [setting, rate, per.join(' and ') || 'the whole service', givesBack ? 'yes' : 'no'];
  });
  expect(listed).toEqual(defined);
  const [, reasons = ''] = page.split('## Why these defaults');
  for (const name of limitNames) expect(reasons).toMatch(new RegExp(`^- .*\`${limits[name].setting}\``, 'm'));
});

it('docs/settings.md has the default of each limit', () => {
  const settings = readFileSync(path.resolve(__dirname, '../../../../docs/settings.md'), 'utf8');
  for (const name of limitNames)
    expect(settings).toMatch(
      new RegExp(`^\\| \`${limits[name].setting}\` +\\| \`${limits[name].default}\` `, 'm'),
    );
});

it.each([
  ['50/1h', { points: 50, seconds: 3600 }],
  ['10/15m', { points: 10, seconds: 900 }],
  ['1/1s', { points: 1, seconds: 1 }],
  ['7/1d', { points: 7, seconds: 86_400 }],
])('reads the limit %s', (text, rate) => {
  expect(parseRate(text)).toEqual(rate);
});

it.each(['', '50', '0/1h', '50/0h', '-1/1h', '50/1w', '50/2d', '1.5/1h', '50 / 1h', '50/1constructor'])(
  'refuses %j as a limit',
  (text) => {
    expect(parseRate(text)).toBeUndefined();
  },
);

it.each([
  ['192.0.2.1', '192.0.2.1'],
  ['', ''],
  ['::1', '0:0:0:0::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::', '2001:db8:1:2::/64'],
  ['::2:3:4:5:6:7', '0:0:2:3::/64'],
])('takes %j for the network %j', (ip, network) => {
  expect(networkOf(ip)).toBe(network);
});
