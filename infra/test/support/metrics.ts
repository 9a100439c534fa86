import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { project } from './manifests';

export interface MetricsPage {
  /** The names as PromQL has them, each with its labels. Of a histogram there are three. */
  series: Map<string, string[]>;
  /** The alarms that the metrics lead to. */
  alarmsOfMetrics: string[];
  /** Each alarm with its severity. */
  severities: Map<string, string>;
}

/** What auth/docs/metrics.md says. A test of the service compares it with what the service exports. */
export async function readMetricsPage(): Promise<MetricsPage> {
  const page = await readFile(path.join(project, 'auth/docs/metrics.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `([^`]+)` +\|(.*)\|$/gm)].map(([, name = '', rest = '']) => ({
    name,
    cells: rest.split('|').map((cell) => cell.trim()),
  }));
  const series = new Map<string, string[]>();
  for (const { name, cells } of rows.filter((row) => /^[a-z]/.test(row.name))) {
    const [type, labels = ''] = cells;
    const all = name.startsWith('auth_') ? (labels.match(/\w+/g) ?? []) : [];
    if (type === 'histogram') {
      for (const part of ['count', 'sum']) series.set(`${name}_${part}`, all);
      series.set(`${name}_bucket`, [...all, 'le']);
    } else series.set(name, all);
  }
  return {
    series,
    alarmsOfMetrics: rows
      .filter(({ name }) => /^[a-z]/.test(name))
      .flatMap(({ cells }) => cells.at(-1)?.match(/Auth\w+/g) ?? []),
    severities: new Map(
      rows.filter(({ name }) => name.startsWith('Auth')).map(({ name, cells }) => [name, cells[0] ?? '']),
    ),
  };
}
