import { limitNames, limits, type LimitName, type Part } from '../services/limits/limit-table';
import { parseRate, type Rate } from '../services/limits/rate';

const high = '1000000/1m';

// Tests come from one network. The end-to-end overlay raises the same ones.
const isRaised = (name: LimitName): boolean => {
  const per: readonly Part[] = limits[name].per;
  return per.includes('network') && per.length === 1;
};

/** Every limit at its default, but those of a network alone raised, and those that a test changes. */
export const ratesFor = (changed: Partial<Record<LimitName, string>> = {}): Record<LimitName, Rate> =>
  Object.fromEntries(
    limitNames.map((name) => [
      name,
      parseRate(changed[name] ?? (isRaised(name) ? high : limits[name].default)),
    ]),
  ) as Record<LimitName, Rate>;

/** The settings that raise the limits of a network alone. */
export const raisedSettings: NodeJS.ProcessEnv = Object.fromEntries(
  limitNames.filter(isRaised).map((name) => [limits[name].setting, high]),
);

/** The settings that raise every limit, for tests that send thousands of requests. */
export const highestSettings: NodeJS.ProcessEnv = Object.fromEntries(
  limitNames.map((name) => [limits[name].setting, high]),
);
