import type { Connection } from 'mongoose';
import { prepareCollection } from './database';
import { createSessionModel, type SessionModel } from './session';
import { createUserModel, type UserModel } from './user';

export interface Collections {
  users: UserModel;
  sessions: SessionModel;
}

/** Every model of the service, with its collection made or brought up to date. */
export async function prepareCollections(
  connection: Connection,
  toHash: (password: string) => Promise<string>,
): Promise<Collections> {
  const collections = {
    users: createUserModel(connection, toHash),
    sessions: createSessionModel(connection),
  };
  await Promise.all(Object.values(collections).map((model) => prepareCollection(model)));
  return collections;
}
