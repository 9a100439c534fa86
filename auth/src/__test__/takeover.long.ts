import { expectRecovery } from './takeover.property';

// Half of the 2,000 interleavings: the other half is in takeover-more.long.ts, and both run at the same time.
it('S62 whoever has the mailbox of an account gets it back, or nobody has it: 1,000 interleavings', () =>
  expectRecovery(1000, 1000));
