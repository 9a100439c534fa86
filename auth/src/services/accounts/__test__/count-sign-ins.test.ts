import { BadRequestError } from '../../../errors/bad-request-error';
import { CallerGoneError } from '../../../errors/caller-gone-error';
import { DatabaseConnectionError } from '../../../errors/database-connection-error';
import { TooBusyError } from '../../../errors/too-busy-error';
import { TooManyRequestsError } from '../../../errors/too-many-requests-error';
import { valueOf } from '../../../test/metrics';
import { Metrics } from '../../metrics/metrics';
import { countSignIns } from '../count-sign-ins';

it.each([
  ['invalid_credentials', new BadRequestError('invalid_credentials')],
  ['email_not_verified', new BadRequestError('email_not_verified', 'email')],
  ['limited', new TooManyRequestsError('signinAccount', 1000)],
  ['too_busy', new TooBusyError()],
  ['gone', new CallerGoneError()],
  ['failed', new DatabaseConnectionError(new Error('no primary'))],
  ['failed', new Error('a defect')],
])('counts a sign-in as %s by its error, which it passes on', async (outcome, error) => {
  const metrics = new Metrics();
  const count = countSignIns(metrics);
  expect(await valueOf(metrics, 'auth_sign_ins_total', { outcome })).toBe(0);
  await expect(count(Promise.reject(error))).rejects.toBe(error);
  expect(await valueOf(metrics, 'auth_sign_ins_total', { outcome })).toBe(1);
  expect(await valueOf(metrics, 'auth_sign_ins_total', { outcome: 'success' })).toBe(0);
});
