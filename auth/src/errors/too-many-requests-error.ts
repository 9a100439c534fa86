import { CustomError } from './custom-error';

/** A limit is reached (RFC 6585, section 4). */
export class TooManyRequestsError extends CustomError {
  override readonly headers: Readonly<Record<string, string>>;

  /** @param waitMs until the limit's window ends */
  constructor(
    readonly limit: string,
    waitMs: number,
  ) {
    super('too_many_requests');
    this.headers = { 'Retry-After': String(Math.max(1, Math.ceil(waitMs / 1000))) };
  }
}
