import { describeMany } from '../test/many';

// One that keeps a session, one that keeps the account, and one that keeps nothing.
describeMany(200_000, ['a change of password', 'being disabled', 'being deleted by an admin']);
