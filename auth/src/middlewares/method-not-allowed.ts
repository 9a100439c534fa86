import type { RequestHandler } from 'express';
import { MethodNotAllowedError } from '../errors/method-not-allowed-error';

/** Stands behind a path's handlers, and refuses every other method. */
export const methodNotAllowed =
  (allowed: readonly string[]): RequestHandler =>
  () => {
    throw new MethodNotAllowedError(allowed);
  };
