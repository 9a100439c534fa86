/** What a line of a log says; undefined if it is not JSON, or was cut off when its writer was killed. */
export function parseJsonLine(line: string): object | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as object;
  } catch {
    return undefined;
  }
}
