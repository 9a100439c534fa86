import type { MailKind } from '../../models/mail';
import { anyone, callerOf, resets, type Person, type Story } from './story';
import type { Process, ReceivedLink } from './stage';

/** One thing that somebody may do. The service may refuse it. */
export interface Action {
  /** What it waits for; without it there is nothing to do. */
  needs?: (story: Story) => unknown;
  act: (story: Story, process: Process) => Promise<unknown>;
}

type Actor = 'owner' | 'thief';
const undo: MailKind[] = ['email-change-notice'];

const newest = (me: Person, kinds: readonly MailKind[], to?: string): ReceivedLink | undefined =>
  me.links.find((link) => kinds.includes(link.kind) && (to ?? link.to) === link.to);
const oldest = (me: Person, kinds: readonly MailKind[]): ReceivedLink | undefined =>
  me.links.findLast((link) => kinds.includes(link.kind));

/** Follows a link that has arrived, and waits for it. */
const follows = (who: Actor, pick: (me: Person) => ReceivedLink | undefined): Action => ({
  needs: (story) => pick(story[who]),
  act: async (story, process) => {
    const link = pick(story[who]);
    if (link) await story.follow(story[who], link, process);
  },
});

const signsIn = (who: Actor): Action => ({
  act: async (story, process) => {
    const account = await story.current();
    if (account) await story.signIn(story[who], account, process);
  },
});

const asksForReset = (who: Actor, address: (me: Person) => string | undefined): Action => ({
  act: (story, { mail }) => mail.passwordReset.request(address(story[who]) ?? '', anyone),
});

const signsOutOthers = (who: Actor): Action => ({
  act: async (story, process) => {
    const live = await story.session(story[who], process);
    if (live) await process.ownAccount.signOutOthers(callerOf(live));
  },
});

const changesAddress = (who: Actor, address: (me: Person) => string | undefined): Action => ({
  act: async (story, process) => {
    const live = await story.session(story[who], process);
    if (!live) return;
    const password = (await story.passwordFor(story[who], live.user)) ?? '';
    const given = { email: address(story[who]) ?? '', password };
    await process.ownAccount.requestEmailChange(given, process.mail.outbox, callerOf(live));
  },
});

const changesPassword = (who: Actor): Action => ({
  act: async (story, process) => {
    const live = await story.session(story[who], process);
    if (!live) return;
    const currentPassword = (await story.passwordFor(story[who], live.user)) ?? '';
    const password = story.newPassword(story[who]);
    const issued = await process.ownAccount.changePassword({ currentPassword, password }, callerOf(live));
    story[who].jwts.unshift(issued.jwt);
  },
});

const signsUp = (address: (story: Story) => string | undefined): Action => ({
  act: async (story, { accounts, sessions }) => {
    const attrs = { email: address(story) ?? '', password: story.newPassword(story.thief) };
    const user = await accounts.signUp(attrs, anyone);
    story.thief.jwts.unshift((await sessions.start(user, { replaced: [], knownDevice: false }, anyone)).jwt);
  },
});

const first = (me: Person) => me.addresses[0];
const second = (me: Person) => me.addresses[1];

/** Uses links that reached the mailboxes, but confirms no change of address that somebody else has asked for. */
const owner = {
  'signs in': signsIn('owner'),
  'signs out others': signsOutOthers('owner'),
  'asks for a reset': asksForReset('owner', first),
  'resets the password': follows('owner', (me) => newest(me, resets)),
  'undoes the newest change': follows('owner', (me) => newest(me, undo)),
  'undoes the oldest change': follows('owner', (me) => oldest(me, undo)),
  'asks for the second address': changesAddress('owner', second),
  'confirms the second address': follows('owner', (me) => newest(me, ['email-change'], second(me))),
  'changes the password': changesPassword('owner'),
  'brings the account back': follows('owner', (me) => newest(me, ['account-closed'])),
} satisfies Record<string, Action>;

const thief = {
  'signs in': signsIn('thief'),
  'signs out others': signsOutOthers('thief'),
  'asks for the first address': changesAddress('thief', first),
  'asks for the second address': changesAddress('thief', second),
  'confirms an address': follows('thief', (me) => newest(me, ['email-change', 'verification'])),
  'undoes the newest change': follows('thief', (me) => newest(me, undo)),
  'undoes the oldest change': follows('thief', (me) => oldest(me, undo)),
  'changes the password': changesPassword('thief'),
  'asks for a reset': asksForReset('thief', first),
  'resets the password': follows('thief', (me) => newest(me, resets)),
  "signs up with the owner's address": signsUp((story) => story.address),
  'signs up with the first address': signsUp(({ thief }) => first(thief)),
  'brings the account back': follows('thief', (me) => newest(me, ['account-closed'])),
  'declines an address': {
    needs: ({ thief: me }) => newest(me, ['email-change', 'verification']),
    act: async (story, { mail }) => {
      const link = newest(story.thief, ['email-change', 'verification']);
      if (link) await mail.emailDecline.decline(link.token, anyone);
    },
  },
  'closes the account': {
    act: async (story, process) => {
      const live = await story.session(story.thief, process);
      if (!live) return;
      const password = (await story.passwordFor(story.thief, live.user)) ?? '';
      await process.ownAccount.close({ password }, callerOf(live));
    },
  },
} satisfies Record<string, Action>;

const changes = (change: { disabled?: boolean; role?: 'user' | 'admin' }): Action => ({
  act: async (story, { administration }) => {
    const account = await story.current();
    if (account)
      await administration.change(account._id.toHexString(), { ...change, version: account.version }, anyone);
  },
});

const admin = {
  'disables the account': changes({ disabled: true }),
  'enables the account': changes({ disabled: false }),
  'makes it an admin': changes({ role: 'admin' }),
  'makes it a user': changes({ role: 'user' }),
  'signs the account out': {
    act: (story, { administration }) => administration.endSessions(story.account.toHexString(), anyone),
  },
  'deletes the account': {
    act: (story, { administration }) => {
      story.mayBeGone = true;
      return administration.delete(story.account.toHexString(), anyone);
    },
  },
} satisfies Record<string, Action>;

/** Who may do what. A new capability of the service is a row here, and perhaps a step of `recover`. */
export const actions = { owner, thief, admin };
