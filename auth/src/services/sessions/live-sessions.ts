import type { Changed } from '../../models/changes';
import type { LiveSession } from '../../models/session';
import type { Pulse } from './pulse';

export interface LiveSessionsOptions {
  /** Asks the database. */
  find: (id: string) => Promise<LiveSession | undefined>;
  pulse: Pick<Pulse, 'isHearing' | 'prove' | 'want'>;
  now: () => Date;
  /** How many sessions are kept, if they have the usual size: fewer large ones. */
  max: number;
  /** About how many bytes one takes. */
  bytesOf: (live: LiveSession) => number;
  /** Told where each answer comes from. */
  answered?: ((from: AnswerSource) => void) | undefined;
}

export const answerSources = ['memory', 'database'] as const;
type AnswerSource = (typeof answerSources)[number];

interface Kept {
  live: LiveSession;
  user: string;
  bytes: number;
}

/** A question to the database that has not been answered yet, and what has changed since it was asked. */
interface Question {
  /** Whether each change since then is heard of. */
  isHearing: boolean;
  changed: Set<string>;
  /** Whether anything may have changed. */
  isVoid: boolean;
}

const meanBytes = 4000;
// A session that changes all the time is answered as the database had it.
const maxQuestions = 3;
// What has changed more since a question is not worth remembering.
const maxChanges = 1000;

/**
 * The sessions that this process has lately seen alive, with their users, in memory. They are believed only while the
 * pulse hears of every change, and each change removes what it is about (decision 21).
 */
export class LiveSessions {
  /** The one that was used last is at the end. */
  readonly #kept = new Map<string, Kept>();
  readonly #idsOf = new Map<string, Set<string>>();
  readonly #questions = new Set<Question>();
  #bytes = 0;

  constructor(private readonly options: LiveSessionsOptions) {}

  get size(): number {
    return this.#kept.size;
  }

  /**
   * The session with its user, as it was lately; undefined if either has ended, is gone or is disabled.
   * @throws {DatabaseConnectionError}
   */
  async find(id: string): Promise<LiveSession | undefined> {
    const kept = this.#kept.get(id);
    // One whose time is over may have been renewed elsewhere.
    const isOver = kept && kept.live.session.expiresAt <= this.options.now();
    if (!kept || isOver || !this.options.pulse.isHearing()) return this.findNow(id);
    this.options.pulse.want();
    this.options.answered?.('memory');
    this.#kept.delete(id);
    this.#kept.set(id, kept);
    return kept.live;
  }

  /** The same as the database has it now: for what is changed because of it. */
  async findNow(id: string): Promise<LiveSession | undefined> {
    const { find, pulse, answered } = this.options;
    answered?.('database');
    await pulse.prove();
    for (let left = maxQuestions; ; left -= 1) {
      const question: Question = { isHearing: pulse.isHearing(), changed: new Set(), isVoid: false };
      this.#questions.add(question);
      try {
        const live = await find(id);
        const isChanged = live && isAbout(question, live);
        // It changed while the database answered: what it answered may be over.
        if (isChanged && left > 1) continue;
        if (live && !isChanged && question.isHearing) this.#keep(live);
        return live;
      } finally {
        this.#questions.delete(question);
      }
    }
  }

  /** Removes what a change is about. What the database was asked before the change is not kept. */
  changed(changed: Changed): void {
    if (changed === 'anything') {
      this.clear();
      return;
    }
    const id = 'user' in changed ? changed.user : changed.session;
    for (const question of this.#questions)
      if (question.changed.size < maxChanges) question.changed.add(id);
      else question.isVoid = true;
    if ('user' in changed) for (const session of this.#idsOf.get(id) ?? []) this.#remove(session);
    else this.#remove(id);
  }

  clear(): void {
    for (const question of this.#questions) question.isVoid = true;
    this.#kept.clear();
    this.#idsOf.clear();
    this.#bytes = 0;
  }

  #keep(live: LiveSession): void {
    const id = live.session._id;
    const user = live.user._id.toHexString();
    this.#remove(id);
    const bytes = this.options.bytesOf(live);
    this.#kept.set(id, { live, user, bytes });
    this.#bytes += bytes;
    const ids = this.#idsOf.get(user);
    if (ids) ids.add(id);
    else this.#idsOf.set(user, new Set([id]));
    const { max } = this.options;
    for (const longestUnused of this.#kept.keys()) {
      if (this.#kept.size <= max && this.#bytes <= max * meanBytes) break;
      this.#remove(longestUnused);
    }
  }

  #remove(id: string): void {
    const kept = this.#kept.get(id);
    if (!kept) return;
    this.#kept.delete(id);
    this.#bytes -= kept.bytes;
    const ids = this.#idsOf.get(kept.user);
    ids?.delete(id);
    if (ids?.size === 0) this.#idsOf.delete(kept.user);
  }
}

const isAbout = ({ changed, isVoid }: Question, { session, user }: LiveSession): boolean =>
  isVoid || changed.has(session._id) || changed.has(user._id.toHexString());
