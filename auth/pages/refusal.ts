import type { ErrorCode } from '../src/errors/error-codes';

/** Why there is no answer of the service, in the way of its codes. */
export type BrowserCode = 'offline' | 'unreachable' | 'unreadable' | 'timed_out' | 'no_cookies';

export interface Fault {
  /** A later version of the service may have a code that this page does not know. */
  code: ErrorCode | BrowserCode | (string & {});
  field?: string;
  message?: string;
}

/** The service has refused a request, or could not be asked. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly faults: readonly Fault[],
    /** After how many seconds to try again, if the service says so. */
    readonly retryAfter?: number,
  ) {
    super(faults[0]?.code ?? 'unreadable');
  }

  is(code: ErrorCode): boolean {
    return this.faults.some((fault) => fault.code === code);
  }
}
