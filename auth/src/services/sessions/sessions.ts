import { randomBytes } from 'node:crypto';
import { NotAuthorizedError } from '../../errors/not-authorized-error';
import type { Transaction } from '../../models/database';
import type { LiveSession, SessionModel, SessionRecord } from '../../models/session';
import { genOf } from '../../models/revocation';
import type { UserRecord } from '../../models/user';
import type { Audit } from '../audit/audit';
import type { Caller, SignedInCaller } from '../caller';
import type { Jwts, VerifiedJwt } from './jwts';
import type { LiveSessions } from './live-sessions';

export interface SessionRules {
  /** Seconds without use after which a session ends (ASVS 7.3.1). */
  idleSeconds: number;
  /** Seconds after sign-in at which a session ends, however much it is used (ASVS 7.3.2). */
  maxSeconds: number;
  /** Seconds after a password was given to a session in which it may do what matters (ASVS 7.5). */
  freshSeconds: number;
  /** How many live sessions an account can have (ASVS 7.1.2). */
  maxPerAccount: number;
}

// So many sessions past the cap are ended at a sign-in; an account has more only from a time without the cap.
const trimLimit = 1000;

// A browser has several session cookies where their paths or domains differ. It has never this many, but an attacker may.
const maxJwts = 10;

/** A JWT, and how long the session that it names will live without use. */
export interface IssuedJwt {
  jwt: string;
  remainingSeconds: number;
}

interface FoundSession {
  claims: VerifiedJwt;
  live: LiveSession;
}

export interface SessionsOptions {
  model: SessionModel;
  live: Pick<LiveSessions, 'find' | 'findNow'>;
  jwts: Jwts;
  rules: SessionRules;
  audit: Audit;
  now: () => Date;
}

/** Sessions are stored in the database. A short-lived JWT in the browser's cookie names one (decision 2). */
export class Sessions {
  constructor(private readonly options: SessionsOptions) {}

  /**
   * Starts a session and returns its JWT. Ends the sessions that it replaces in the same browser (ASVS 7.2.4), and, past
   * the cap, those of unknown devices and then those that were unused for longest.
   */
  async start(
    user: UserRecord,
    { replaced, knownDevice }: { replaced: readonly string[]; knownDevice: boolean },
    { ip, userAgent }: Caller,
  ): Promise<IssuedJwt> {
    const { model, now } = this.options;
    const createdAt = now();
    const id = randomBytes(16).toString('base64url');
    const expiresAt = this.#expiry(createdAt, createdAt);
    const generation = user.generation ?? 0;
    const times = { createdAt, expiresAt };
    await model.build({ id, user: user._id, generation, ...times, ip, userAgent, knownDevice }).save();
    await this.#end(replaced);
    await this.#endBeyondCap(user);
    return this.#issue(user, { _id: id, expiresAt });
  }

  /**
   * The live session that the JWTs name, of several the one whose JWT is newest. Expired JWTs do not count.
   * @param find how it is found: `find` may answer what was so half a second ago, `findNow` asks the database
   */
  async authenticate(jwts: readonly string[], find: 'find' | 'findNow'): Promise<LiveSession | undefined> {
    const candidates = await this.#read(jwts);
    const found = await this.#findLive(
      candidates.filter(({ expired }) => !expired),
      find,
    );
    return found?.live;
  }

  /**
   * The live session that the JWTs name, even if they have expired. Adds a new JWT where the old one is past half its
   * life, or its claims about the user are out of date. The session stays the same, so that parallel renewals do not
   * sign anybody out.
   */
  async renew(jwts: readonly string[]): Promise<(LiveSession & { issued?: IssuedJwt }) | undefined> {
    const candidates = await this.#read(jwts);
    const lately = await this.#findLive(candidates, 'find');
    if (!lately || !this.#isOld(lately)) return lately?.live;
    // What is written must not depend on what was so half a second ago.
    const found = await this.#findLive(candidates, 'findNow');
    if (!found || !this.#isOld(found)) return found?.live;
    const { live } = found;
    const { model, now } = this.options;
    const { user, session } = live;
    const used = { lastUsedAt: now(), expiresAt: this.#expiry(session.createdAt, now()) };
    if (!(await model.touch(session, used))) return undefined;
    return { ...live, issued: await this.#issue(user, { ...session, ...used }) };
  }

  /** Whether a password was given to the session recently. Its renewals do not count. */
  isFresh({ passwordAt, createdAt }: SessionRecord): boolean {
    const { rules, now } = this.options;
    return now().getTime() < (passwordAt ?? createdAt).getTime() + rules.freshSeconds * 1000;
  }

  /**
   * Records that the user's password was given to a session.
   * @throws {NotAuthorizedError} where the session has ended meanwhile
   */
  async confirm(session: SessionRecord): Promise<void> {
    const { model, now } = this.options;
    if (!(await model.confirm(session, now()))) throw new NotAuthorizedError();
  }

  /** Ends every session that the JWTs name. */
  async signOut(jwts: readonly string[], caller: Caller): Promise<void> {
    const { model, now, audit } = this.options;
    for (const { sid, id } of await this.#read(jwts)) {
      const isEnded = (await model.end([sid], now())) === 1;
      if (isEnded) audit.note({ action: 'signed-out', user: id, actor: id }, caller);
    }
  }

  /** A user's live sessions, most recently used first. */
  list(user: UserRecord): Promise<SessionRecord[]> {
    const { model, now, rules } = this.options;
    return model.listLive(user, { now: now(), limit: rules.maxPerAccount });
  }

  /** Ends a session of the user, and returns whether the user had it. */
  async endOne(id: string, caller: SignedInCaller): Promise<boolean> {
    const { model, now, audit } = this.options;
    const { user } = caller.account;
    const isEnded = (await model.end([id], now(), user._id)) === 1;
    if (isEnded) audit.note({ action: 'signed-out', user: user._id }, caller);
    return isEnded;
  }

  /**
   * Takes a session along when an event raises the generation of its account, and returns its new JWT.
   * @param raised the account after the event
   * @param passwordAt when a password was given to the session with the event, if one was
   * @throws {NotAuthorizedError} where the session has ended meanwhile
   */
  async keep(
    session: SessionRecord,
    raised: UserRecord,
    tx: Transaction,
    passwordAt?: Date,
  ): Promise<IssuedJwt> {
    if (!(await this.options.model.keep(session, raised, tx, passwordAt))) throw new NotAuthorizedError();
    return this.#issue(raised, session);
  }

  async #end(jwts: readonly string[]): Promise<void> {
    const ended = await this.#read(jwts);
    const ids = ended.map(({ sid }) => sid);
    if (ids.length > 0) await this.options.model.end(ids, this.options.now());
  }

  async #endBeyondCap(user: UserRecord): Promise<void> {
    const { model, now, rules } = this.options;
    const bounds = { now: now(), cap: rules.maxPerAccount, limit: trimLimit };
    const surplus = await model.listSurplus(user, bounds);
    if (surplus.length > 0) await model.end(surplus, now());
  }

  /** The claims of the JWTs that this service has signed: the newest first, and one for each session. */
  async #read(given: readonly string[]): Promise<VerifiedJwt[]> {
    const { jwts } = this.options;
    const texts = given.slice(0, maxJwts);
    const verify = () => texts.flatMap((text) => jwts.verify(text) ?? []);
    let claims = verify();
    if (claims.length < texts.length && (await jwts.learnKeysOf(texts))) claims = verify();
    claims.sort((a, b) => b.iat - a.iat);
    return claims.filter(({ sid }, index) => claims.findIndex((other) => other.sid === sid) === index);
  }

  /** Whether a JWT is past half its life, or its claims about the user are out of date. */
  #isOld({ claims, live: { user } }: FoundSession): boolean {
    const { jwts, now } = this.options;
    const age = now().getTime() / 1000 - claims.iat;
    const isCurrent = claims.email === user.email && claims.role === user.role && claims.gen === genOf(user);
    return age >= jwts.ttlSeconds / 2 || !isCurrent;
  }

  async #findLive(
    candidates: readonly VerifiedJwt[],
    find: 'find' | 'findNow',
  ): Promise<FoundSession | undefined> {
    for (const claims of candidates) {
      const live = await this.options.live[find](claims.sid);
      if (live) return { claims, live };
    }
    return undefined;
  }

  async #issue(
    user: UserRecord,
    { _id: sid, expiresAt }: Pick<SessionRecord, '_id' | 'expiresAt'>,
  ): Promise<IssuedJwt> {
    const { jwts, now } = this.options;
    const { _id, email, role } = user;
    const jwt = await jwts.sign({ id: _id.toHexString(), email, role, sid, gen: genOf(user) });
    return { jwt, remainingSeconds: Math.ceil((expiresAt.getTime() - now().getTime()) / 1000) };
  }

  #expiry(createdAt: Date, usedAt: Date): Date {
    const { idleSeconds, maxSeconds } = this.options.rules;
    return new Date(Math.min(usedAt.getTime() + idleSeconds * 1000, createdAt.getTime() + maxSeconds * 1000));
  }
}
