import fc from 'fast-check';
import { FairLine } from '../fair-line';

/** Somebody who waits in a part of a group. */
interface Somebody {
  group: string;
  part: string;
}

/** Somebody comes, the one whose turn it is leaves, or somebody who waits gives up. */
type Step = { comes: Somebody } | 'next' | { givesUp: number };

const name = fc.constantFrom('a', 'b', 'c');
const someStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ comes: fc.record({ group: name, part: name }) }) },
  { weight: 2, arbitrary: fc.constant('next' as const) },
  { weight: 1, arbitrary: fc.record({ givesUp: fc.nat(50) }) },
);
const someSteps = fc.array(someStep, { maxLength: 80 });

/** A line with a list of those who wait, which the test keeps itself. */
class Watched {
  readonly line: FairLine<Somebody>;
  waiting: Somebody[] = [];

  constructor(readonly places: number) {
    this.line = new FairLine(places);
  }

  come(newcomer: Somebody): Somebody | undefined {
    const loser = this.line.join(newcomer, [newcomer.group, newcomer.part]);
    this.waiting.push(newcomer);
    if (loser) this.#remove(loser);
    return loser;
  }

  next(): Somebody | undefined {
    const next = this.line.next();
    if (next) this.#remove(next);
    return next;
  }

  play(steps: Step[]): this {
    for (const step of steps) {
      if (step === 'next') this.next();
      else if ('comes' in step) this.come({ ...step.comes });
      else this.#giveUp(this.waiting[step.givesUp % (this.waiting.length || 1)]);
      expect(this.line.length).toBe(this.waiting.length);
      expect(this.line.length).toBeLessThanOrEqual(this.places);
    }
    return this;
  }

  drain(): Somebody[] {
    const served: Somebody[] = [];
    for (let next = this.next(); next; next = this.next()) served.push(next);
    return served;
  }

  #giveUp(somebody: Somebody | undefined): void {
    if (!somebody) return;
    this.line.leave(somebody);
    this.#remove(somebody);
  }

  #remove(somebody: Somebody): void {
    // Neither twice, nor somebody who does not wait.
    expect(this.waiting).toContain(somebody);
    this.waiting = this.waiting.filter((one) => one !== somebody);
  }
}

const somePlaces = fc.integer({ min: 1, max: 12 });

/** The numbers of those who wait, by what they have in common. */
function counts(waiting: Somebody[], keyOf: (somebody: Somebody) => string): Map<string, number> {
  const numbers = new Map<string, number>();
  for (const one of waiting) numbers.set(keyOf(one), (numbers.get(keyOf(one)) ?? 0) + 1);
  return numbers;
}

const largest = (numbers: Map<string, number>): number => Math.max(0, ...numbers.values());

describe('F21 S60 the line for hashes', () => {
  it('loses nobody, serves nobody twice, and is never longer than its places', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 12 }), someSteps, (places, steps) => {
        const watched = new Watched(places).play(steps);
        const left = [...watched.waiting];
        const served = watched.drain();
        expect(new Set(served)).toEqual(new Set(left));
        expect(served).toHaveLength(left.length);
        expect(watched.line.length).toBe(0);
      }),
    );
  });

  it('serves no group twice while another one waits, nor a part of a group twice while another part waits', () => {
    fc.assert(
      fc.property(somePlaces, someSteps, (places, steps) => {
        const served = new Watched(places).play(steps).drain();
        const of = (group: string): Somebody[] => served.filter((one) => one.group === group);
        const turns = [
          served.map(({ group }) => group),
          ...['a', 'b', 'c'].map((group) => of(group).map(({ part }) => part)),
        ];
        for (const order of turns)
          for (const [at, turn] of order.entries()) {
            const later = order.slice(at + 1);
            const again = later.indexOf(turn);
            // Whoever waits at the end of this turn has one before the next turn of the same name.
            if (again >= 0)
              expect(new Set(later.slice(0, again))).toEqual(new Set(later.filter((one) => one !== turn)));
          }
      }),
    );
  });

  it.each<[string, Somebody]>([
    ['a new group', { group: 'new', part: 'new' }],
    ['a new part of a group', { group: 'a', part: 'new' }],
  ])('serves %s after at most one of each other', (_what, newcomer) => {
    fc.assert(
      fc.property(somePlaces, someSteps, (places, steps) => {
        const watched = new Watched(places).play(steps);
        fc.pre(watched.come({ ...newcomer }) === undefined);
        const served = watched.drain();
        const before = served.slice(
          0,
          served.findIndex(({ part }) => part === 'new'),
        );
        const others = newcomer.group === 'a' ? before.filter(({ group }) => group === 'a') : before;
        const keyOf = ({ group, part }: Somebody) => (newcomer.group === 'a' ? part : group);
        expect(largest(counts(others, keyOf))).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('when it is full, lets the last one of the largest group make room for a group with at least two places fewer', () => {
    fc.assert(
      fc.property(
        somePlaces,
        someSteps,
        fc.record({ group: name, part: name }),
        (places, steps, newcomer) => {
          const watched = new Watched(places).play(steps);
          const before = [...watched.waiting];
          const groups = counts(before, ({ group }) => group);
          const parts = counts(
            before.filter(({ group }) => group === newcomer.group),
            ({ part }) => part,
          );
          const loser = watched.come(newcomer);
          const isFarBehind = (numbers: Map<string, number>, own: string): boolean =>
            (numbers.get(own) ?? 0) + 1 < largest(numbers);
          if (before.length < places) expect(loser).toBeUndefined();
          else if (isFarBehind(groups, newcomer.group))
            expect(groups.get(loser?.group ?? '')).toBe(largest(groups));
          else if (isFarBehind(parts, newcomer.part)) {
            expect(loser?.group).toBe(newcomer.group);
            expect(parts.get(loser?.part ?? '')).toBe(largest(parts));
          } else expect(loser).toBe(newcomer);
          // The last one of a part: those before it keep their places.
          const alike = before.filter(({ group, part }) => group === loser?.group && part === loser.part);
          if (loser && loser !== newcomer) expect(alike.at(-1)).toBe(loser);
        },
      ),
    );
  });
});
