import { compare, comparisonTable, worseThan } from '../compare';
import { makeReport } from './make-report';

const reportOf = (cpu: number, baseCpu = 50) =>
  makeReport({ Express: { cpu: baseCpu }, 'current user': { cpu, mongod: 20, baseline: 'Express' } });

describe('the comparison with an earlier report', () => {
  it('is of ratios to the baseline, so that a slower machine changes nothing', () => {
    const slower = makeReport({
      Express: { cpu: 100 },
      'current user': { cpu: 160, mongod: 40, baseline: 'Express' },
    });
    expect(compare(slower, reportOf(80))).toEqual([
      { name: 'current user', ratio: 2, earlier: 2, change: 1 },
    ]);
  });

  it('leaves out what one of the two has not', () => {
    const more = makeReport({
      Express: { cpu: 50 },
      'refused input': { cpu: 80, baseline: 'Express' },
    });
    expect(compare(more, reportOf(80))).toEqual([]);
    expect(compare(reportOf(80), more)).toEqual([]);
  });

  it.each([
    ['the same', 80, []],
    ['twice as much', 180, []],
    ['more than twice as much', 181, ['current user']],
    ['less', 30, []],
    ['unknown', NaN, ['current user']],
  ])('with a bound of 2 and CPU time that is %s, fails as it must', (_, cpu, failing) => {
    const worse = worseThan(2, compare(reportOf(cpu), reportOf(80)));
    expect(worse.map(({ name }) => name)).toEqual(failing);
  });

  it('prints both ratios and how they changed', () => {
    expect(comparisonTable(compare(reportOf(130), reportOf(80)))).toMatch(
      /\| current user +\| +3\.00 \| +2\.00 \| +1\.50 \|$/,
    );
  });
});
