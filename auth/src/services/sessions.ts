import { randomBytes } from 'node:crypto';
import type { Transaction } from '../models/database';
import type { LiveSession, SessionClient, SessionModel, SessionRecord } from '../models/session';
import type { UserRecord } from '../models/user';
import type { Tokens } from './tokens';

export interface SessionLimits {
  /** Seconds without use after which a session ends (ASVS 7.3.1). */
  idleSeconds: number;
  /** Seconds after sign-in at which a session ends, however much it is used (ASVS 7.3.2). */
  maxSeconds: number;
}

export interface SessionsOptions {
  model: SessionModel;
  tokens: Tokens;
  limits: SessionLimits;
  now: () => Date;
}

/** Sessions live in the database; a JWT in the browser's cookie names one and speaks for it for a short while. */
export class Sessions {
  constructor(private readonly options: SessionsOptions) {}

  /** Starts a session, ends the one that it replaces in the same browser (ASVS 7.2.4), and answers the JWT. */
  async start(user: UserRecord, client: SessionClient, replacedJwt?: string): Promise<string> {
    const { model, now } = this.options;
    const createdAt = now();
    const id = randomBytes(16).toString('base64url');
    const expiresAt = this.#expiry(createdAt, createdAt);
    const generation = user.generation ?? 0;
    await model.build({ id, user: user._id, generation, createdAt, expiresAt, ...client }).save();
    await this.end(replacedJwt);
    return this.#sign(user, id);
  }

  /** Who a JWT speaks for, while neither it nor its session has ended. */
  async authenticate(jwt: string | undefined): Promise<LiveSession | undefined> {
    const token = this.#read(jwt);
    return token && !token.expired ? this.#live(token.sid) : undefined;
  }

  /**
   * Who a JWT speaks for, while its session is alive, even where the JWT itself has expired; with a new JWT where it is
   * past half its life or says something of the user that has changed. The session stays the same, so that
   * parallel renewals do each other no harm.
   */
  async renew(jwt: string | undefined): Promise<(LiveSession & { jwt?: string }) | undefined> {
    const token = this.#read(jwt);
    const live = token && (await this.#live(token.sid));
    if (!live) return undefined;
    const { model, tokens, now } = this.options;
    const { user, session } = live;
    const age = now().getTime() / 1000 - token.iat;
    const unchanged = token.email === user.email && token.role === user.role;
    if (age < tokens.ttlSeconds / 2 && unchanged) return live;
    const used = { lastUsedAt: now(), expiresAt: this.#expiry(session.createdAt, now()) };
    const { matchedCount } = await model.updateOne({ _id: session._id }, used);
    return matchedCount === 1 ? { ...live, jwt: this.#sign(user, session._id) } : undefined;
  }

  /** Ends the session that a JWT names, if it names one. */
  async end(jwt: string | undefined): Promise<void> {
    const token = this.#read(jwt);
    if (token) await this.options.model.deleteOne({ _id: token.sid });
  }

  /** A user's live sessions, the last used first. */
  list(user: UserRecord): Promise<SessionRecord[]> {
    return this.options.model.listLive(user._id, this.options.now());
  }

  /** Whether the user had that session; it has ended then. */
  async endOne(user: UserRecord, id: string): Promise<boolean> {
    const { deletedCount } = await this.options.model.deleteOne({ _id: id, user: user._id });
    return deletedCount === 1;
  }

  /** Ends every session of the user but the given one. */
  async endOthers({ user, session }: LiveSession): Promise<void> {
    await this.options.model.deleteAllBut(session._id, user._id);
  }

  /** Ends every session of the account but this one, which moves on to the account's new generation. */
  async moveOn({ session, user }: LiveSession, generation: number, tx: Transaction): Promise<void> {
    const { model } = this.options;
    await model.updateOne({ _id: session._id }, { generation }, { session: tx });
    await model.deleteAllBut(session._id, user._id, tx);
  }

  /** Removes every session of a user whose generation was raised, or who is gone. */
  async endAll(user: Pick<UserRecord, '_id'>, tx: Transaction): Promise<void> {
    await this.options.model.deleteMany({ user: user._id }, { session: tx });
  }

  #read(jwt: string | undefined): ReturnType<Tokens['verify']> {
    return jwt === undefined ? undefined : this.options.tokens.verify(jwt);
  }

  #live(id: string): Promise<LiveSession | undefined> {
    return this.options.model.findLive(id, this.options.now());
  }

  #sign(user: UserRecord, sid: string): string {
    return this.options.tokens.sign({ id: user._id.toHexString(), email: user.email, role: user.role, sid });
  }

  #expiry(createdAt: Date, usedAt: Date): Date {
    const { idleSeconds, maxSeconds } = this.options.limits;
    return new Date(Math.min(usedAt.getTime() + idleSeconds * 1000, createdAt.getTime() + maxSeconds * 1000));
  }
}
