import { expectRecovery } from './takeover.property';

// The other half of those in takeover.long.ts.
it('S62 whoever has the mailbox of an account gets it back, or nobody has it: 1,000 more interleavings', () =>
  expectRecovery(1000, 2000));
