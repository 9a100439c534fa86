import { BadRequestError } from '../../errors/bad-request-error';
import type { Audit } from '../audit/audit';
import type { Caller } from '../caller';

/** Does what somebody with a token asks for, and counts a token that is not valid: it may be a guess. */
export async function countingInvalidTokens<T>(
  audit: Audit,
  caller: Caller,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof BadRequestError && error.code === 'invalid_token') audit.refuse('link-used', caller);
    throw error;
  }
}
