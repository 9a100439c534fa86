import { trusted } from 'mongoose';
import { BadRequestError } from '../../errors/bad-request-error';
import { anyone, callerOf, resets, unlessRefused, type Person, type Story } from './story';
import type { Process, ReceivedLink } from './stage';

/** The owner does all that the mailboxes allow, and the thief tries every link in between and at last. */
export async function recover(story: Story): Promise<void> {
  const process = story.stage.process();
  story.note('afterwards:');
  process.cleanup.resume();
  await story.drain();
  await enable(story, process);
  for (const link of story.owner.links.filter(({ kind }) => kind === 'email-change-notice'))
    if (await undo(story, link, process)) await tryEverything(story, process);
  for (const link of story.owner.links.filter(({ kind }) => kind === 'account-closed'))
    if (!(await story.current())) await undo(story, link, process);
  const account = await story.current();
  if (account) await reset(story, account.email, process);
  await tryEverything(story, process);
  await process.cleanup.stop();
}

/** An admin enables what is in the way of the owner, who has asked for it. */
async function enable(story: Story, { administration }: Process): Promise<void> {
  const inTheWay = [{ _id: story.account }, { email: trusted({ $in: story.owner.addresses }) }];
  const disabled = await story.stage.collections.users.find({ $or: inTheWay, disabled: true }).lean();
  for (const { _id, version } of disabled)
    await administration.change(_id.toHexString(), { disabled: false, version }, anyone);
}

/** Returns whether the link was good. Another account that has the address is the owner's by the mailbox: it is closed. */
async function undo(story: Story, link: ReceivedLink, process: Process): Promise<boolean> {
  try {
    await story.follow(story.owner, link, process);
    return true;
  } catch (error) {
    if (!(error instanceof BadRequestError)) throw error;
    if (error.message !== 'Email in use') return false;
    await closeAccountAt(story, link.to, process);
    await story.follow(story.owner, link, process);
    return true;
  }
}

async function closeAccountAt(story: Story, email: string, process: Process): Promise<void> {
  await reset(story, email, process);
  const live = await story.session(story.owner, process);
  const password = live && (await story.passwordFor(story.owner, live.user));
  if (!live || password === undefined)
    throw new Error(`the owner of ${email} can't sign in to the account there`);
  await process.ownAccount.close({ password }, callerOf(live));
  story.note('owner: has closed the account there');
}

/** Sets a password by the mailbox, and signs in. */
async function reset(story: Story, email: string, process: Process): Promise<void> {
  const { owner, stage } = story;
  if (!owner.addresses.includes(email)) return;
  await process.mail.passwordReset.request(email, anyone);
  await story.drain();
  const link = owner.links.find(({ kind, to }) => resets.includes(kind) && to === email);
  if (!link) throw new Error(`no reset has arrived at ${email}`);
  await story.follow(owner, link, process);
  const account = await stage.collections.users.findOne({ email }).lean();
  if (account) await story.signIn(owner, account, process);
}

async function tryEverything(story: Story, process: Process): Promise<void> {
  await story.drain();
  for (const link of [...story.thief.links]) await unlessRefused(story.follow(story.thief, link, process));
}

/** What is wrong in the end. */
export async function problemsOf(story: Story): Promise<string[]> {
  const { owner, thief } = story;
  const account = await story.current();
  if (!account) return story.mayBeGone ? [] : ['the account is gone'];
  const isIn = async (person: Person): Promise<boolean> => {
    const process = story.stage.process();
    const known = await story.passwordFor(person, account);
    const sessions = person.jwts.map(
      async (jwt) => (await process.sessions.authenticate([jwt], 'findNow'))?.user._id,
    );
    return known !== undefined || (await Promise.all(sessions)).some((id) => id?.equals(account._id));
  };
  return [
    ...(owner.addresses.includes(account.email) ? [] : [`the account has the address ${account.email}`]),
    ...((await isIn(owner)) ? [] : ["the owner isn't in the account"]),
    ...((await isIn(thief)) ? ['the thief is in the account'] : []),
  ];
}
