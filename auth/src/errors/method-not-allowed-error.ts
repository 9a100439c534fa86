import { CustomError } from './custom-error';

export class MethodNotAllowedError extends CustomError {
  override readonly headers: Readonly<Record<string, string>>;

  /** @param allowed the methods that the path supports (RFC 9110, section 15.5.6) */
  constructor(allowed: readonly string[]) {
    super('method_not_allowed');
    this.headers = { Allow: allowed.join(', ') };
  }
}
