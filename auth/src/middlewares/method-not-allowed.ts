import type { RequestHandler } from 'express';
import { MethodNotAllowedError } from '../errors/method-not-allowed-error';

/** Refuses every method that a path does not support. It must run after the path's handlers. */
export const methodNotAllowed =
  (allowed: readonly string[]): RequestHandler =>
  () => {
    throw new MethodNotAllowedError(allowed);
  };
