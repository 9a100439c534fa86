import { CustomError } from './custom-error';

/** A browser sends a state-changing request for a page of another origin. */
export class ForeignOriginError extends CustomError {
  /** @param origin what the browser sent; undefined if it names none that is well-formed */
  constructor(origin: string | undefined) {
    const sender = origin === undefined ? 'Another site' : `The origin ${origin}`;
    super('foreign_origin', {
      message: `${sender} may not send this request: only the origin of PUBLIC_URL may`,
    });
  }
}
