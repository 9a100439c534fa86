import { trusted } from 'mongoose';
import { pagesOfIds } from './pages-of-ids';
import { endingsOf } from './revocation';
import type { UserModel } from './user';

/**
 * Ends every session of every account, because the keys that signed their JWTs have been withdrawn.
 * @returns how many accounts there are
 */
export async function endEverySession(users: UserModel, now: Date): Promise<number> {
  let accounts = 0;
  for await (const ids of pagesOfIds(users)) {
    await users.updateMany({ _id: trusted({ $in: ids }) }, endingsOf('keys-revoked', now), {
      timestamps: false,
    });
    accounts += ids.length;
  }
  return accounts;
}
