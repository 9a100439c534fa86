import { CustomError } from './custom-error';

export class MethodNotAllowedError extends CustomError {
  readonly statusCode = 405;
  override readonly headers: Readonly<Record<string, string>>;

  /** @param allowed the methods that the path has (RFC 9110, section 15.5.6) */
  constructor(allowed: readonly string[]) {
    super('Method Not Allowed');
    this.headers = { Allow: allowed.join(', ') };
  }
}
