import type { Transact } from '../../models/database';
import { CustomError } from '../../errors/custom-error';
import { actions, type Action } from './actions';
import { Interleaving, type Strand } from './interleaving';
import { sendMails } from './mail-process';
import type { Turn } from './stage';
import type { Story } from './story';

/** A process that dies in a request, before or after its first commit; and whether the caller asks once more then. */
export interface Fault {
  when: 'before' | 'after';
  asksAgain: boolean;
}

export interface Deed {
  does: string;
  fault?: Fault | undefined;
}

/** What everybody tries to do, and the numbers that decide the order (see `Interleaving`). */
export interface Script {
  owner: Deed[];
  /** The owner does nothing before so many steps have happened. */
  ownerIsAway: number;
  thief: Deed[];
  admin: Deed[];
  /** For each mail worker, the steps after which its processes die, one after the other. */
  workers: number[][];
  /** How often the leases of claimed mails end while their workers are still at work. */
  leaseEnds: number;
  order: number[];
}

class ProcessDied extends Error {}

/** Does what the script says, and answers what happened. */
export async function play(story: Story, script: Script): Promise<void> {
  const interleaving = new Interleaving(script.order, story);
  for (const actor of ['owner', 'thief', 'admin'] as const) {
    const table: Record<string, Action> = actions[actor];
    const away = actor === 'owner' ? script.ownerIsAway : 0;
    interleaving.add(actor, async (strand) => {
      await strand.at('is there', () => story.log.length >= away);
      for (const deed of script[actor]) {
        const action = table[deed.does];
        if (action) await perform(story, strand, deed, action);
      }
    });
  }
  interleaving.add('time', async (strand) => {
    for (let left = script.leaseEnds; left > 0; left -= 1) {
      await strand.at('the leases end', story.mailsAreFree);
      await story.endLeases();
    }
  });
  script.workers.forEach((deaths, index) => {
    interleaving.add(`worker ${index + 1}`, (strand) => work(story, strand, [...deaths]));
  });
  await interleaving.run();
}

async function perform(
  story: Story,
  strand: Strand,
  { does, fault }: Deed,
  { needs, act }: Action,
): Promise<void> {
  if (!(await strand.at(does, needs && (() => Boolean(needs(story)))))) return;
  try {
    await act(story, story.stage.process({ around: stepwise(story, strand, fault), turn: strand.at }));
  } catch (error) {
    if (error instanceof ProcessDied) {
      story.note(`${strand.name}: the process has died ${fault?.when} the commit`);
      if (fault?.asksAgain) await perform(story, strand, { does }, { act });
    } else if (error instanceof CustomError && error.statusCode < 500) {
      story.note(`${strand.name}: refused: ${error.message}`);
    } else throw error;
  } finally {
    story.mayHaveMail = true;
  }
}

/** Lets the strand wait for its turn where a transaction begins, and before it commits. */
const stepwise =
  (story: Story, strand: Strand, fault?: Fault) =>
  (transact: Transact): Transact =>
  async (work) => {
    let attempted: number | undefined;
    try {
      const result = await transact(async (tx) => {
        const before = attempted;
        // One that has conflicted with another waits until a transaction has ended.
        await strand.at('begins a transaction', () => before === undefined || story.endings > before);
        if (before === undefined) story.running += 1;
        attempted = story.endings;
        const done = await work(tx);
        await strand.at('commits', undefined, true);
        if (fault?.when === 'before') throw new ProcessDied();
        return done;
      });
      if (fault) throw new ProcessDied();
      return result;
    } finally {
      story.endings += 1;
      if (attempted !== undefined) story.running -= 1;
    }
  };

/** Sends mails, one process after another: each dies after so many steps, and its successor goes on. */
async function work(story: Story, strand: Strand, deaths: number[]): Promise<void> {
  while (await strand.at('looks for mails', () => story.mayHaveMail)) {
    story.mayHaveMail = false;
    await life(story, strand, deaths.shift());
  }
}

async function life(story: Story, strand: Strand, steps = Infinity): Promise<void> {
  let left = steps;
  let die: () => void = () => undefined;
  const death = new Promise<boolean>((resolve) => {
    die = () => {
      resolve(true);
    };
  });
  const turn: Turn = async (step, ready) => {
    if (left === 0) {
      story.note(`${strand.name}: the process dies: it no longer ${step}`);
      die();
      return new Promise(() => undefined);
    }
    left -= 1;
    return strand.at(step, ready);
  };
  const hasDied = await Promise.race([death, sendMails(story, turn).then(() => false)]);
  if (!hasDied) return;
  await strand.at('the lease of the process ends', story.mailsAreFree);
  await story.endLeases();
}
