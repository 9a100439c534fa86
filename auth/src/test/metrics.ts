import type { Metrics } from '../services/metrics/metrics';

export interface Sample {
  /** With the suffix of a histogram's parts. */
  name: string;
  labels: Record<string, string>;
  value: number;
}

/** Every sample in Prometheus's text format. */
export const samplesIn = (text: string): Sample[] =>
  [...text.matchAll(/^(\w+)(?:\{(.*)\})? (\S+)$/gm)].map(([, name = '', labels = '', value]) => ({
    name,
    labels: Object.fromEntries(
      [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', text = '']) => [key, text] as const),
    ),
    value: Number(value),
  }));

/** The value of the sample with these labels, and perhaps more; undefined where there is none. */
export async function valueOf(
  metrics: Metrics,
  name: string,
  labels: Record<string, string> = {},
): Promise<number | undefined> {
  const matches = (sample: Sample) =>
    sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value);
  return samplesIn(await metrics.text()).find(matches)?.value;
}
