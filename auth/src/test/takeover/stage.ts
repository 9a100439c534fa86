import { pino } from 'pino';
import type { Connection, Types } from 'mongoose';
import { createCollections, migrate, type Collections } from '../../models/collections';
import { transactions, type Transact } from '../../models/database';
import { openConnection, patientTimeouts } from '../../models/open-connection';
import type { MailKind } from '../../models/mail';
import { SessionFeed } from '../../models/session-feed';
import { operator } from '../../services/caller';
import { createKeys, type Keys } from '../../services/keys/keys';
import { Password } from '../../services/passwords/password';
import { PasswordRules } from '../../services/passwords/password-rules';
import { Metrics } from '../../services/metrics/metrics';
import { createServices, type MailServices, type Services } from '../../services/services';
import { Jwts } from '../../services/sessions/jwts';
import { freshDatabase } from '../database';
import { testKeys } from '../keys';

/** Random values in the form of hashes: scrypt itself would take most of the time here. */
class RememberedPasswords extends Password {
  readonly #plain = new Map<string, string>();

  constructor() {
    super({ cost: { ln: 4, r: 8, p: 1 }, concurrency: 1, queue: 0 });
  }

  override toHash(password: string): Promise<string> {
    const hash = this.unusableHash();
    this.#plain.set(hash, password);
    return Promise.resolve(hash);
  }

  override match(stored: string | undefined, supplied: string): Promise<'current' | undefined> {
    const matches = stored !== undefined && this.#plain.get(stored) === supplied;
    return Promise.resolve(matches ? 'current' : undefined);
  }
}

const notices: readonly MailKind[] = ['password-changed', 'email-change-notice', 'account-closed'];

/** Waits for a turn to do that step, once it is ready. Never resolves where the process dies before it. */
export type Turn = (step: string, ready?: () => boolean) => Promise<unknown>;

/** The services of one process, which can queue mails. */
export type Process = Services & { mail: MailServices; turn: Turn };

/** A mail that has arrived, and the token of its link. */
export interface ReceivedLink {
  kind: MailKind;
  to: string;
  token: string;
}

export const logger = pino({ level: 'silent' });
export const publicUrl = new URL('http://localhost:3000');
export const now = (): Date => new Date();

const atOnce = { around: (transact: Transact) => transact, turn: () => Promise.resolve() };

// A transaction that waits for its turn must not end by itself.
const maxTransactionMs = 50_000;
const day = 24 * 60 * 60;

/** A database, and processes that share it. Stories follow one another on it, each with an account of its own. */
export class Stage {
  readonly passwords: Password = new RememberedPasswords();
  readonly collections: Collections;
  readonly #keys: Keys;
  readonly #jwts: Jwts;

  private constructor(private readonly connection: Connection) {
    this.collections = createCollections(connection, (plain) => this.passwords.toHash(plain, operator()));
    this.#keys = createKeys({ ...testKeys, model: this.collections.keyring });
    this.#jwts = new Jwts({
      keys: this.#keys.ring,
      issuer: 'test-issuer',
      audience: 'ticketing',
      ttlSeconds: 900,
      now,
    });
    const { mailSlots } = this.collections;
    const take = mailSlots.take.bind(mailSlots);
    // The time between two requests is long enough for mails that somebody asks for, and too short for notices.
    mailSlots.take = (slot, seconds, tx) =>
      notices.includes(slot.kind) ? take(slot, seconds, tx) : Promise.resolve(true);
  }

  static async open(): Promise<Stage> {
    const connection = await openConnection(freshDatabase(), patientTimeouts);
    await migrate(connection, { listener: logger });
    const stage = new Stage(connection);
    await stage.#keys.ring.open();
    // The account of a story may be an admin's, and must not be the last one.
    const password = 'password of the admin';
    await stage.process().accounts.createAdmin({ email: 'admin@example.com', password }, operator());
    return stage;
  }

  async close(): Promise<void> {
    await this.connection.dropDatabase();
    await this.connection.close();
  }

  /** @param steps decide when transactions begin and commit, and a request does its other steps: by default at once */
  process({ around, turn }: { around: (transact: Transact) => Transact; turn: Turn } = atOnce): Process {
    const { mail, ...services } = createServices({
      collections: this.collections,
      sessionFeed: new SessionFeed({ connection: this.connection, collections: this.collections, logger }),
      sessionsInMemory: 0,
      transact: around(transactions(this.connection, maxTransactionMs)),
      passwords: this.passwords,
      passwordRules: new PasswordRules({ profile: 'default', productName: 'ticketing' }),
      keys: this.#keys,
      jwts: this.#jwts,
      sessionRules: { idleSeconds: 7 * day, maxSeconds: 30 * day, freshSeconds: 600, maxPerAccount: 100 },
      requireVerifiedEmail: false,
      closedAccountSeconds: 7 * day,
      auditSeconds: 180 * day,
      limits: { rates: {}, waitMs: 0 },
      mail: {
        url: new URL('smtp://localhost'),
        from: 'no-reply@ticketing.dev',
        publicUrl,
        productName: 'ticketing',
        coolDownSeconds: day,
        newSignIn: false,
      },
      metrics: new Metrics(),
      logger,
      now,
    });
    if (!mail) throw new Error('this process sends no mail');
    return { ...services, mail, turn };
  }

  async account(id: Types.ObjectId) {
    return (await this.collections.users.findById(id).lean()) ?? undefined;
  }
}
