import { CallerGoneError } from '../../errors/caller-gone-error';
import { CustomError } from '../../errors/custom-error';
import type { ErrorCode } from '../../errors/error-codes';
import type { Metrics } from '../metrics/metrics';

const outcomes = [
  'success',
  'invalid_credentials',
  'email_not_verified',
  'limited',
  'too_busy',
  'gone',
  'failed',
] as const;
type Outcome = (typeof outcomes)[number];

const outcomeOfCode: Partial<Record<ErrorCode, Outcome>> = {
  invalid_credentials: 'invalid_credentials',
  email_not_verified: 'email_not_verified',
  too_many_requests: 'limited',
  too_busy: 'too_busy',
};

/** Answers a function that counts a sign-in by how it ends, and changes nothing in it. */
export function countSignIns(metrics: Metrics | undefined): <T>(signIn: Promise<T>) => Promise<T> {
  const count = metrics?.counterBy('auth_sign_ins_total', 'Sign-ins by outcome', 'outcome', outcomes);
  return async (signIn) => {
    try {
      const signedIn = await signIn;
      count?.('success');
      return signedIn;
    } catch (error) {
      count?.(outcomeOf(error));
      throw error;
    }
  };
}

function outcomeOf(error: unknown): Outcome {
  if (error instanceof CallerGoneError) return 'gone';
  const known = error instanceof CustomError ? outcomeOfCode[error.code] : undefined;
  return known ?? 'failed';
}
