import { expectRecovery } from './takeover.property';

// Three minutes on two cores that are busy with other work.
const maxMs = 10 * 60_000;

it(
  'S62 whoever has the mailbox of an account gets it back, or nobody has it: 200 interleavings',
  () => expectRecovery(200, 62),
  maxMs,
);
