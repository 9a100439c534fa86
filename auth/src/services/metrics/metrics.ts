import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What Prometheus may ask one service for. Two services in a process share nothing. docs/metrics.md lists every name. */
export class Metrics {
  readonly #registry = new Registry();

  /** @returns counts one, or as many as are given */
  counter(name: string, help: string): (count?: number) => void {
    const counter = new Counter({ name, help, registers: [this.#registry] });
    return (count = 1) => {
      counter.inc(count);
    };
  }

  /**
   * A counter for each value of a label. All of them begin at 0, so that the first event is an increase too.
   * @returns counts one
   */
  counterBy<Value extends string>(
    name: string,
    help: string,
    label: string,
    values: readonly Value[],
  ): (value: Value) => void {
    const counter = new Counter({ name, help, labelNames: [label], registers: [this.#registry] });
    for (const value of values) counter.inc({ [label]: value }, 0);
    return (value) => {
      counter.inc({ [label]: value });
    };
  }

  /**
   * @param labels whoever observes gives them values from a list that requests can't make longer
   * @returns adds a duration
   */
  histogram<Label extends string>(
    name: string,
    help: string,
    buckets: readonly number[],
    labels: readonly Label[],
  ): (labels: Record<Label, string>, seconds: number) => void {
    const registers = [this.#registry];
    const histogram = new Histogram({
      name,
      help,
      buckets: [...buckets],
      labelNames: [...labels],
      registers,
    });
    return (values, seconds) => {
      histogram.observe(values, seconds);
    };
  }

  /** @param read asked when Prometheus asks; the gauge is missing where it answers undefined */
  gauge(name: string, help: string, read: () => number | undefined | Promise<number | undefined>): void {
    new Gauge({
      name,
      help,
      registers: [this.#registry],
      async collect() {
        const value = await read();
        if (value === undefined) this.remove();
        else this.set(value);
      },
    });
  }

  /** Adds what prom-client knows of a Node process: CPU, memory, garbage collections, lag of the event loop. */
  addProcess(): void {
    collectDefaultMetrics({ register: this.#registry });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All values, in Prometheus's text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
