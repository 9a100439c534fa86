import { parseArgs } from 'node:util';

export interface Options {
  rounds: number;
  /** How long a cell is measured in a round. */
  seconds: number;
  /** How long a cell runs at least before the rounds, so that its code is compiled. */
  warmUpSeconds: number;
  /** Cells whose name has this in it, with their baselines; undefined for all. */
  only: string | undefined;
  /** Where the report goes as JSON. */
  json: string | undefined;
  /** The file of an earlier report. */
  compare: string | undefined;
  maxRatio: number | undefined;
}

const full = { rounds: 5, seconds: 4, warmUpSeconds: 2 };
const short = { rounds: 2, seconds: 0.6, warmUpSeconds: 1 };

/** @throws {Error} one sentence, for an option that is unknown or wrong */
export function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      short: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      only: { type: 'string' },
      json: { type: 'string' },
      compare: { type: 'string' },
      'max-ratio': { type: 'string' },
    },
  });
  const defaults = values.short ? short : full;
  return {
    rounds: positive('--rounds', values.rounds) ?? defaults.rounds,
    seconds: positive('--seconds', values.seconds) ?? defaults.seconds,
    warmUpSeconds: defaults.warmUpSeconds,
    only: values.only,
    json: values.json,
    compare: values.compare,
    maxRatio: positive('--max-ratio', values['max-ratio']),
  };
}

function positive(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!(number > 0)) throw new Error(`${name} must be a number above 0`);
  return number;
}
