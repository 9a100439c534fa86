import type { z } from 'zod';

/** A setting: the environment variable that it is read from, and what it may be. */
export class Setting<T> {
  constructor(
    readonly variable: string,
    readonly type: z.ZodType<T>,
    /** Characters that a value must not have. */
    readonly refused: RegExp,
  ) {}
}

// What Node makes of bytes that are not UTF-8, and control characters.
const oneLine = /[\uFFFD\p{Cc}]/u;
const lines = /[\uFFFD]|[^\P{Cc}\r\n]/u;

export const setting = <T>(variable: string, type: z.ZodType<T>): Setting<T> =>
  new Setting(variable, type, oneLine);

/** A setting whose value may have several lines. */
export const linesSetting = <T>(variable: string, type: z.ZodType<T>): Setting<T> =>
  new Setting(variable, type, lines);

/** Settings in groups, shaped like the configuration that is read from them. */
interface Table {
  [key: string]: Setting<unknown> | Table;
}

type Values<T> = T extends Setting<infer V> ? V : { [K in keyof T]: Values<T[K]> };

/** Reads every setting of a table, and adds a line to `problems` for each one that is missing or wrong. */
export function readTable<T extends Table>(table: T, env: NodeJS.ProcessEnv, problems: string[]): Values<T> {
  const read = (entry: Setting<unknown> | Table): unknown => {
    if (!(entry instanceof Setting)) return readTable(entry, env, problems);
    const value = env[entry.variable];
    if (value !== undefined && entry.refused.test(value)) {
      problems.push(`${entry.variable} must be text in UTF-8 without control characters`);
      return undefined;
    }
    const { data, error } = entry.type.safeParse(value);
    problems.push(...(error?.issues ?? []).map(({ message }) => `${entry.variable} ${message}`));
    return data;
  };
  return Object.fromEntries(Object.entries(table).map(([key, entry]) => [key, read(entry)])) as Values<T>;
}

/** The variables that a table reads, in its order. */
export function namesIn(table: Table): string[] {
  return Object.values(table).flatMap((entry) =>
    entry instanceof Setting ? [entry.variable] : namesIn(entry),
  );
}
