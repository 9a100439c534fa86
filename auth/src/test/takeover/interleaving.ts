/** Something that runs beside others: a person's requests one after another, or a process that sends mails. */
export interface Strand {
  readonly name: string;
  /**
   * Waits until this strand is chosen to go on. It is chosen only while `ready` holds, unless nothing else can move:
   * then it goes on with `false`, because what it waits for does not come.
   * @param holdsLocks whether a write of another strand may wait in the database until this one goes on
   */
  at: (step: string, ready?: () => boolean, holdsLocks?: boolean) => Promise<boolean>;
}

interface Waiting {
  place: number;
  label: string;
  holdsLocks: boolean;
  ready: () => boolean;
  go: (come: boolean) => void;
  stop: (reason: Error) => void;
}

// A step that takes longer waits for the locks of another strand, if one has any.
const lockedMs = 2000;
const maxStepMs = 30_000;

/**
 * Runs strands so that one moves at a time, from one `at` to the next. The order of the numbers decides which one moves,
 * so the same numbers lead to the same interleaving. 0 and numbers that are too large continue the last strand; when they
 * run out, that happens always.
 */
export class Interleaving {
  readonly #order: number[];
  #strands = 0;
  #moving = 0;
  #last = 0;
  #waiting: Waiting[] = [];
  #failure: Error | undefined;
  #quiet: () => void = () => undefined;

  constructor(
    order: readonly number[],
    private readonly journal: { note: (text: string) => void; log: readonly string[] },
  ) {
    this.#order = [...order];
  }

  add(name: string, work: (strand: Strand) => Promise<void>): void {
    const place = (this.#strands += 1);
    const strand: Strand = {
      name,
      at: (step, ready = () => true, holdsLocks = false) =>
        new Promise((go, stop) => {
          this.#waiting.push({ place, label: `${name}: ${step}`, holdsLocks, ready, go, stop });
          this.#pause();
        }),
    };
    this.#moving += 1;
    void work(strand)
      .catch((error: unknown) => (this.#failure ??= error as Error))
      .finally(() => {
        this.#pause();
      });
  }

  /** @throws the first error of a strand, once all strands have stopped */
  async run(): Promise<void> {
    for (;;) {
      const movable = await this.#movable();
      if (this.#waiting.length === 0) break;
      if (this.#failure) this.#stopAll(this.#failure);
      else this.#moveOne(movable);
    }
    if (this.#failure) throw this.#failure;
  }

  #pause(): void {
    this.#moving -= 1;
    if (this.#moving === 0) this.#quiet();
  }

  /** Waits until no strand moves: then all may. Or until the one that moves waits for a lock: then those that have one. */
  async #movable(): Promise<Waiting[]> {
    const began = Date.now();
    while (this.#moving > 0) {
      await this.#pauseOrTime(lockedMs);
      const holders = this.#waiting.filter(({ holdsLocks }) => holdsLocks);
      if (this.#moving > 0 && holders.length > 0) return holders;
      if (Date.now() - began > maxStepMs)
        throw new Error(`nothing moved on within ${maxStepMs} ms:\n${this.journal.log.join('\n')}`);
    }
    return this.#waiting;
  }

  async #pauseOrTime(ms: number): Promise<void> {
    if (this.#moving === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#quiet = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #moveOne(movable: Waiting[]): void {
    const inOrder = [...movable].sort((a, b) => this.#turn(a) - this.#turn(b));
    const ready = inOrder.filter(({ ready }) => ready());
    const next = ready[this.#order.shift() ?? 0] ?? ready[0] ?? byPlace(inOrder)[0];
    if (!next) return;
    this.#waiting = this.#waiting.filter((one) => one !== next);
    this.#last = next.place;
    this.#moving += 1;
    if (ready.length > 0) this.journal.note(next.label);
    next.go(ready.length > 0);
  }

  /** The strand that moved last comes first. */
  #turn({ place }: Waiting): number {
    return place === this.#last ? 0 : place;
  }

  #stopAll(reason: Error): void {
    const stopped = this.#waiting;
    this.#waiting = [];
    this.#moving += stopped.length;
    for (const { stop } of stopped) stop(reason);
  }
}

const byPlace = (waiting: Waiting[]): Waiting[] => [...waiting].sort((a, b) => a.place - b.place);
