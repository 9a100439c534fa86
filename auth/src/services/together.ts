interface Waiting<T, R> {
  item: T;
  resolve: (result: R) => void;
  reject: (error: unknown) => void;
}

/**
 * Does work on one key by one write at a time: what comes meanwhile is done together by the next. Hundreds of writes of one
 * document at once would be in each other's way, and MongoDB would be busy with trying them again.
 */
export class Together<T, R> {
  /** Of each key that is being written: who came since. */
  readonly #waiting = new Map<string, Waiting<T, R>[]>();

  /** @param work returns a result for each item, in their order */
  constructor(private readonly work: (key: string, items: T[]) => Promise<R[]>) {}

  add(key: string, item: T): Promise<R> {
    return new Promise((resolve, reject) => {
      const one = { item, resolve, reject };
      const waiting = this.#waiting.get(key);
      if (waiting) {
        waiting.push(one);
        return;
      }
      this.#waiting.set(key, []);
      void this.#run(key, [one]);
    });
  }

  async #run(key: string, first: Waiting<T, R>[]): Promise<void> {
    for (let batch = first; batch.length > 0; batch = this.#waiting.get(key)?.splice(0) ?? []) {
      try {
        const results = await this.work(
          key,
          batch.map(({ item }) => item),
        );
        for (const [n, result] of results.entries()) batch[n]?.resolve(result);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#waiting.delete(key);
  }
}
