import type { Connection } from 'mongoose';
import { createActionTokenModel, type ActionTokenModel } from './action-token';
import { prepareCollection } from './database';
import { createMailModel, type MailModel } from './mail';
import { createSessionModel, type SessionModel } from './session';
import { createUserModel, type UserModel } from './user';

export interface Collections {
  users: UserModel;
  sessions: SessionModel;
  mails: MailModel;
  actionTokens: ActionTokenModel;
}

/** Every model of the service, with its collection made or brought up to date. */
export async function prepareCollections(
  connection: Connection,
  toHash: (password: string) => Promise<string>,
): Promise<Collections> {
  const collections = {
    users: createUserModel(connection, toHash),
    sessions: createSessionModel(connection),
    mails: createMailModel(connection),
    actionTokens: createActionTokenModel(connection),
  };
  const { users, ...others } = collections;
  await Promise.all([
    prepareCollection(users, () => users.adopt()),
    ...Object.values(others).map((model) => prepareCollection(model)),
  ]);
  return collections;
}
