interface Group<T> {
  readonly name: string;
  readonly within: Group<T> | undefined;
  /** How many wait in it and in its parts. */
  size: number;
  /** In the order of their turns. */
  readonly parts: Map<string, Group<T>>;
  /** Those who wait in no part of it, in their order. */
  readonly waiting: Set<T>;
}

/**
 * A line of bounded length that is shared fairly, however many places somebody takes. Groups have their turns in
 * rotation. Within a group its parts do, and so on.
 */
export class FairLine<T> {
  readonly #all = newGroup<T>('', undefined);
  readonly #groups = new Map<T, Group<T>>();

  /** @param places how many can wait */
  constructor(private readonly places: number) {}

  get length(): number {
    return this.#all.size;
  }

  /**
   * Somebody joins. If the line is full, the last one of the largest group makes room for a group that has at least two
   * places fewer. In groups closer in size nobody has to; then the newcomer's own group is looked at in the same way.
   * @param path the newcomer's group, the part of it, …
   * @returns who has no place: nobody, the one who made room, or the newcomer
   */
  join(newcomer: T, path: readonly string[]): T | undefined {
    const isFull = this.length >= this.places;
    const loser = isFull ? this.#whoMakesRoom(path) : undefined;
    if (isFull && loser === undefined) return newcomer;
    if (loser !== undefined) this.leave(loser);
    const group = path.reduce(partOf, this.#all);
    group.waiting.add(newcomer);
    this.#groups.set(newcomer, group);
    resize(group, 1);
    return loser;
  }

  /** The one whose turn it is leaves the line; undefined if nobody waits. */
  next(): T | undefined {
    let group = this.#all;
    for (let [part] = group.parts.values(); part; [part] = group.parts.values()) {
      // The next turn is another part's.
      group.parts.delete(part.name);
      group.parts.set(part.name, part);
      group = part;
    }
    const [first] = group.waiting;
    if (first !== undefined) this.leave(first);
    return first;
  }

  /** Somebody leaves before the turn. */
  leave(somebody: T): void {
    const group = this.#groups.get(somebody);
    if (!group) return;
    this.#groups.delete(somebody);
    group.waiting.delete(somebody);
    resize(group, -1);
  }

  #whoMakesRoom(path: readonly string[]): T | undefined {
    let group: Group<T> | undefined = this.#all;
    for (const name of path) {
      const largest = largestPart(group);
      const own: Group<T> | undefined = group.parts.get(name);
      if (largest && (own?.size ?? 0) + 1 < largest.size) return lastOf(largest);
      if (!own) return undefined;
      group = own;
    }
    return undefined;
  }
}

const newGroup = <T>(name: string, within: Group<T> | undefined): Group<T> => ({
  name,
  within,
  size: 0,
  parts: new Map(),
  waiting: new Set(),
});

function partOf<T>(group: Group<T>, name: string): Group<T> {
  const part = group.parts.get(name) ?? newGroup(name, group);
  group.parts.set(name, part);
  return part;
}

function resize<T>(group: Group<T>, by: number): void {
  group.size += by;
  if (!group.within) return;
  if (group.size === 0) group.within.parts.delete(group.name);
  resize(group.within, by);
}

const largestPart = <T>({ parts }: Group<T>): Group<T> | undefined =>
  [...parts.values()].reduce<Group<T> | undefined>(
    (largest, part) => (largest && largest.size >= part.size ? largest : part),
    undefined,
  );

function lastOf<T>(group: Group<T>): T | undefined {
  const largest = largestPart(group);
  return largest ? lastOf(largest) : [...group.waiting].at(-1);
}
