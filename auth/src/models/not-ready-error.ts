/** The database can't be used yet, and the message says in one sentence what a person has to do. */
export class NotReadyError extends Error {
  override readonly name = 'NotReadyError';
}
