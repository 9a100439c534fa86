import type { UserRecord } from '../../models/user';
import type { Transact } from '../../models/database';
import type { SignIn } from '../../models/sign-in';
import type { Audit } from '../audit/audit';
import type { Caller } from '../caller';
import type { Outbox } from '../mail/outbox';
import type { Devices } from '../sessions/devices';
import type { IssuedJwt, Sessions } from '../sessions/sessions';
import { Together } from '../together';
import type { SignedIn } from './accounts';

export interface SessionStartOptions {
  sessions: Sessions;
  devices: Devices;
  transact: Transact;
  audit: Audit;
  /** Undefined where the owner is not told of sign-ins from new devices. */
  outbox?: Outbox | undefined;
  now: () => Date;
}

/** What the browser gets. */
export interface StartedSession {
  issued: IssuedJwt;
  /** For the cookie `device`. */
  device: string;
}

/** Starting a session once somebody has given the password of an account, or opened one. */
export class SessionStart {
  /** Hundreds of sign-ins of an account at once are told of by a few writes, which are not in each other's way. */
  readonly #telling: Together<{ user: UserRecord; signIn: SignIn }, undefined>;

  constructor(private readonly options: SessionStartOptions) {
    const { outbox, transact } = options;
    this.#telling = new Together(async (_account, told) => {
      const last = told.at(-1);
      const signIns = told.map(({ signIn }) => signIn);
      if (last) await outbox?.tellOfSignIns(last.user, signIns, transact);
      return told.map(() => undefined);
    });
  }

  /**
   * In the browser in which the account was opened, which is thereby known.
   * @param replaced the JWTs of the sessions that the browser had
   */
  async afterSignUp(user: UserRecord, replaced: readonly string[], caller: Caller): Promise<StartedSession> {
    const { sessions, devices } = this.options;
    const { cookie: device } = await devices.remember(user, caller);
    return { device, issued: await sessions.start(user, { replaced, knownDevice: true }, caller) };
  }

  /**
   * Tells the owner of a verified address by mail where the account has not signed in from this browser before.
   * @param replaced as `afterSignUp`
   */
  async afterSignIn(
    { user, device: known }: SignedIn,
    replaced: readonly string[],
    caller: Caller,
  ): Promise<StartedSession> {
    const { sessions, devices, outbox, audit, now } = this.options;
    const { cookie: device, isKnown: knownDevice, isExpected } = await devices.remember(user, caller, known);
    // An address that is not verified may be somebody else's, whom a stranger could flood so.
    const mustTell = user.emailVerified && !knownDevice && !isExpected;
    // Before the session: whatever fails in between, nobody gets a session of which the owner is not told.
    if (outbox && mustTell) {
      const signIn = { at: now(), ip: caller.ip, userAgent: caller.userAgent };
      await this.#telling.add(`${user._id.toHexString()} ${user.email}`, { user, signIn });
    }
    const issued = await sessions.start(user, { replaced, knownDevice }, caller);
    audit.note({ action: 'signed-in', user: user._id, actor: user._id }, caller);
    return { device, issued };
  }
}
