import { compare, comparisonTable, worseThan } from '../compare';
import { failedCells } from '../report';
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

  it('takes the median of the rounds, in each of which a disturbance meets cell and baseline', () => {
    const disturbed = reportOf(80);
    const { Express: express, 'current user': currentUser } = disturbed.cells;
    if (!express || !currentUser) throw new Error('the report lacks a cell');
    Object.assign(express, { perSecond: [1, 1, 1], cpuMicros: [50, 5000, 100], mongodMicros: [0, 0, 0] });
    Object.assign(currentUser, {
      perSecond: [1, 1, 1],
      cpuMicros: [80, 9000, 180],
      mongodMicros: [20, 1000, 20],
    });
    expect(compare(disturbed, reportOf(80))).toMatchObject([{ ratio: 2 }]);
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

  it('is not to be had of a cell that failed more than once in ten times', () => {
    const report = makeReport({
      rarely: { cpu: 1, errors: { 'status 503': 100 } },
      often: { cpu: 1, errors: { 'status 503': 100, 'connection closed': 1 } },
    });
    expect(failedCells(report)).toEqual(['often']);
  });
});
