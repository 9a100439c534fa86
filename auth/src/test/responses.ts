import type { Response } from 'supertest';
import { errorCodes } from '../errors/error-codes';

/**
 * Everything in a response that could reveal a difference between two requests. Date and request id always differ, so
 * they are only required to be present.
 */
export function comparable({ status, body, headers }: Response) {
  const { date, 'x-request-id': id, ...others } = headers as Record<string, string>;
  expect(date && id).toBeTruthy();
  return { status, body: body as unknown, others };
}

/** The errors of a failed response that have no code of its status. A failure without any error is one too. */
export function errorsWithoutCode(status: number, body: string): unknown[] {
  if (status < 300) return [];
  const { errors } = JSON.parse(body) as { errors?: { code?: string }[] };
  if (!errors?.length) return [body];
  const codes: Readonly<Record<string, { status: number }>> = errorCodes;
  return errors.filter(({ code = '' }) => !Object.hasOwn(codes, code) || codes[code]?.status !== status);
}
