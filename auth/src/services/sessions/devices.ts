import { createHash, randomBytes } from 'node:crypto';
import type { DeviceModel, DeviceRecord } from '../../models/device';
import { epochOf } from '../../models/revocation';
import type { UserRecord } from '../../models/user';
import type { Caller } from '../caller';

/** What the browser's cookie is to hold, and whether it held it for this account before. */
export interface SignedInDevice {
  cookie: string;
  isKnown: boolean;
  /** Whether it is the first one shortly after the account was opened, or after a reset has ended the others. */
  isExpected: boolean;
}

export interface DevicesOptions {
  model: DeviceModel;
  now: () => Date;
}

const maxPerAccount = 20;
// An owner who has reset the password signs in again.
const expectedMs = 60 * 60 * 1000;
const yearMs = 365 * 24 * 60 * 60 * 1000;

/**
 * The browsers that accounts have signed in from (decision 19). A browser's cookie has a value of 128 random bits for
 * each of the last accounts; a value that the service has not made for an account means nothing to it.
 */
export class Devices {
  constructor(private readonly options: DevicesOptions) {}

  /**
   * The caller's browser, if the account has signed in from it. The work does not depend on whether there is an account.
   */
  async find(user: UserRecord | undefined, caller: Caller): Promise<DeviceRecord | undefined> {
    const values = valuesIn(caller);
    if (values.length === 0) return undefined;
    const { model, now } = this.options;
    const ids = values.map((value) => idOf(value, user));
    return (await model.findKnown(ids, user ? epochOf(user, 'devices') : 0, now())) ?? undefined;
  }

  /**
   * Remembers the browser of a sign-in for a year.
   * @param known what `find` has found
   */
  async remember(user: UserRecord, caller: Caller, known?: DeviceRecord): Promise<SignedInDevice> {
    const { model, now } = this.options;
    const lastUsedAt = now();
    const use = { lastUsedAt, expiresAt: new Date(lastUsedAt.getTime() + yearMs) };
    if (known && caller.device !== undefined && (await model.touch(known, use)))
      return { cookie: caller.device, isKnown: true, isExpected: false };
    const value = randomBytes(16).toString('base64url');
    const device = { _id: idOf(value, user), user: user._id, epoch: epochOf(user, 'devices') };
    const isFirst = await model.add({ ...device, createdAt: lastUsedAt, ...use }, maxPerAccount);
    const begun = user.ended?.devices?.at ?? user._id.getTimestamp();
    const isExpected = isFirst && lastUsedAt.getTime() < begun.getTime() + expectedMs;
    const cookie = [value, ...valuesIn(caller)].slice(0, maxDeviceValues).join('.');
    return { cookie, isKnown: false, isExpected };
  }
}

/** How many accounts a browser is known to at a time. */
const maxDeviceValues = 5;

const valuesIn = ({ device }: Caller): string[] => device?.split('.').slice(0, maxDeviceValues) ?? [];

// A fast hash is enough: 128 random bits cannot be guessed. Nobody's id is one that no account has.
const idOf = (value: string, user: UserRecord | undefined): string =>
  createHash('sha256')
    .update(`${value}:${user?._id.toHexString() ?? ''}`)
    .digest('hex');
