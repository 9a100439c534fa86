import { percentile, spreadOf } from '../statistics';

const oneToHundred = Array.from({ length: 100 }, (_, index) => 100 - index);

describe('a percentile', () => {
  it.each([
    [0.5, 50],
    [0.99, 99],
    [0.999, 100],
    [1, 100],
  ])('of %d is the value that this share does not exceed', (share, value) => {
    expect(percentile(oneToHundred, share)).toBe(value);
  });

  it('of a single value is that value', () => {
    expect(percentile([7], 0.001)).toBe(7);
    expect(percentile([7], 0.999)).toBe(7);
  });

  it('of nothing is 0', () => {
    expect(percentile([], 0.5)).toBe(0);
  });

  it('sorts by number, and leaves the values as they are', () => {
    const values = [10, 9, 100];
    expect(percentile(values, 0.5)).toBe(10);
    expect(values).toEqual([10, 9, 100]);
  });
});

describe('a spread', () => {
  it('has the middle of an odd number of values', () => {
    expect(spreadOf([30, 1, 2, 100, 3])).toEqual({ median: 3, min: 1, max: 100 });
  });

  it('has the mean of the two in the middle of an even number', () => {
    expect(spreadOf([4, 1, 2, 10])).toEqual({ median: 3, min: 1, max: 10 });
  });

  it('of nothing is 0', () => {
    expect(spreadOf([])).toEqual({ median: 0, min: 0, max: 0 });
  });
});
