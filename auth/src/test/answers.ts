import type { Response } from 'supertest';

/** What a caller can tell one answer from another by: all but the headers that differ by nature, which have to be there. */
export function tellable({ status, body, headers }: Response) {
  const { date, 'x-request-id': id, ...others } = headers as Record<string, string>;
  expect(date && id).toBeTruthy();
  return { status, body: body as unknown, others };
}
