import { matchedData, validationResult, type ValidationChain } from 'express-validator';
import { RequestValidationError } from '../errors/request-validation-error';

/**
 * What an operator has given, held to the rules of a request over HTTP.
 * @throws {RequestValidationError}
 */
export async function validated<T extends object>(body: T, rules: ValidationChain[]): Promise<T> {
  const request = { body };
  for (const rule of rules) await rule.run(request);
  const result = validationResult(request);
  if (!result.isEmpty()) throw new RequestValidationError(result.array({ onlyFirstError: true }));
  return matchedData<T>(request);
}
