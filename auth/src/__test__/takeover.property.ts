import fc from 'fast-check';
import { actions } from '../test/takeover/actions';
import { play, type Deed, type Script } from '../test/takeover/play';
import { problemsOf, recover } from '../test/takeover/recover';
import { Stage } from '../test/takeover/stage';
import { Story } from '../test/takeover/story';

// While one lane waits for the database, another can go on.
const laneCount = 4;

const fault = fc.record({ when: fc.constantFrom('before', 'after'), asksAgain: fc.boolean() });

const deeds = (table: object, maxLength: number): fc.Arbitrary<Deed[]> =>
  fc.array(
    fc.record({
      does: fc.constantFrom(...Object.keys(table)),
      fault: fc.option(fault, { freq: 8, nil: undefined }),
    }),
    { maxLength, size: 'max' },
  );

const { owner, thief, admin } = actions;
const moving: (keyof typeof thief)[] = [
  'asks for the first address',
  'confirms an address',
  'asks for the second address',
];
/** Most thieves begin to move the account from one of their mailboxes to the next. */
const thefts = fc
  .tuple(fc.nat(moving.length), deeds(thief, 5))
  .map(([moves, then]) => [...moving.slice(0, moves).map((does) => ({ does })), ...then]);
const undoing: keyof typeof owner = 'undoes the newest change';
/** Most owners undo a change before the end. */
const efforts = fc
  .tuple(deeds(owner, 3), fc.nat(2))
  .map(([deed, undoes]) => [...deed, ...(undoes > 0 ? [{ does: undoing }] : [])]);

const script: fc.Arbitrary<Script> = fc.record({
  owner: efforts,
  ownerIsAway: fc.nat(80),
  thief: thefts,
  admin: deeds(admin, 2),
  workers: fc.tuple(fc.array(fc.nat(12), { maxLength: 1 }), fc.array(fc.nat(12), { maxLength: 1 })),
  leaseEnds: fc.nat(1),
  order: fc.array(fc.nat(9), { maxLength: 200, size: 'max' }),
});

/** Tries scripts until one does not end well, and then describes the shortest of its kind; undefined where all end well. */
async function counterexample(
  stage: Stage,
  parameters: fc.Parameters<[Script]>,
): Promise<string | undefined> {
  const property = fc.asyncProperty(script, async (given) => {
    const story = await Story.begin(stage);
    const problems = await endOf(story, given);
    if (problems.length > 0) throw new Error([...problems, 'Steps:', ...story.log].join('\n'));
  });
  const {
    failed,
    seed,
    counterexamplePath,
    errorInstance,
    counterexample: found,
  } = await fc.check(property, parameters);
  if (!failed) return undefined;
  const reason = errorInstance instanceof Error ? errorInstance.message : 'interrupted';
  return `seed ${seed}, path ${counterexamplePath ?? 'none'}\n${JSON.stringify(found)}\n${reason}`;
}

/** What is wrong once the script has been played and the owner has done everything to get the account back. */
async function endOf(story: Story, given: Script): Promise<string[]> {
  try {
    await play(story, given);
    await recover(story);
    return await problemsOf(story);
  } catch (error) {
    return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  }
}

/** Tries `runs` scripts in lanes side by side, each with a seed and a database of its own. */
export async function expectRecovery(runs: number, firstSeed: number): Promise<void> {
  const lanes = Array.from({ length: laneCount }, async (_, lane) => {
    const stage = await Stage.open();
    try {
      return await counterexample(stage, { numRuns: runs / laneCount, seed: firstSeed + lane });
    } finally {
      await stage.close();
    }
  });
  const found = (await Promise.all(lanes)).filter((text) => text !== undefined);
  if (found.length > 0) throw new Error(found.join('\n\n'));
}
