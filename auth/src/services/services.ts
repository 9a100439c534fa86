import type { Collections } from '../models/collections';
import type { Transact } from '../models/database';
import { Accounts } from './accounts';
import { Administration } from './administration';
import { OwnAccount } from './own-account';
import type { Password } from './password';
import { Sessions, type SessionLimits } from './sessions';
import type { Tokens } from './tokens';

export interface ServicesOptions {
  collections: Collections;
  transact: Transact;
  passwords: Password;
  tokens: Tokens;
  limits: SessionLimits;
  now: () => Date;
}

/** Everything that the service knows how to do. */
export interface Services {
  accounts: Accounts;
  sessions: Sessions;
  ownAccount: OwnAccount;
  administration: Administration;
}

/** Gives each service what it works with: the one place where they are put together. */
export function createServices(options: ServicesOptions): Services {
  const { collections, transact, passwords, tokens, limits, now } = options;
  const { users } = collections;
  const accounts = new Accounts({ users, passwords });
  const sessions = new Sessions({ model: collections.sessions, tokens, limits, now });
  const administration = new Administration({ users, sessions, transact });
  const ownAccount = new OwnAccount({ users, sessions, passwords, administration, transact });
  return { accounts, sessions, ownAccount, administration };
}
