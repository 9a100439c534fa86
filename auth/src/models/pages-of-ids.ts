import { trusted, type Types } from 'mongoose';
import type { UserModel } from './user';

const batch = 1000;

/** The ids of all accounts, in pages. Those that come meanwhile may be missing. */
export async function* pagesOfIds(users: UserModel): AsyncGenerator<Types.ObjectId[]> {
  for (let last: Types.ObjectId | undefined; ;) {
    const after = last ? { _id: trusted({ $gt: last }) } : {};
    const page = await users.find(after).select('_id').sort({ _id: 1 }).limit(batch).lean();
    if (page.length === 0) return;
    const ids = page.map(({ _id }) => _id);
    yield ids;
    last = ids.at(-1);
  }
}
