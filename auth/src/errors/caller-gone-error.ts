/** The caller hung up while the request waited. Nobody is left to answer. */
export class CallerGoneError extends Error {
  override readonly name = 'CallerGoneError';

  constructor() {
    super('The caller hung up');
  }
}
