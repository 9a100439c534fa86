import type { RequestHandler } from 'express';
import { validationResult } from 'express-validator';
import { RequestValidationError } from '../errors/request-validation-error';

/** Refuses a request in which a validation chain found an error. It must run after the chains. */
export const validateRequest: RequestHandler = (req, _res, next) => {
  const result = validationResult(req);
  if (!result.isEmpty()) throw new RequestValidationError(result.array({ onlyFirstError: true }));
  next();
};
