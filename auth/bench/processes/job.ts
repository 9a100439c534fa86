/** How an operation is repeated: by callers that wait for each answer, or at a constant rate whatever the answers do. */
export type Pace = { callers: number } | { perSecond: number };

/** Work for a worker process. */
export interface Job {
  operation: unknown;
  pace: Pace;
  seconds: number;
}

/** What came of a job. */
export interface Tally {
  /** From the first operation to the end of the last one. */
  seconds: number;
  /** Of the operations that succeeded. */
  latenciesMs: number[];
  /** How many operations failed, by reason. */
  errors: Record<string, number>;
}

/** What a worker repeats, and what it does afterwards. */
export interface Prepared {
  operation: Operation;
  end?: () => void;
}

/** Does it once. @throws {Error} with the reason as its message */
export type Operation = () => Promise<void>;
