import request from 'supertest';
import { buildHealth } from '../health';
import { Metrics } from '../services/metrics/metrics';

describe('the health server', () => {
  it('always reports alive, and reports ready only while the service is ready', async () => {
    let ready = false;
    const health = request(buildHealth(() => ready, new Metrics()));
    await health.get('/livez').expect(200, { status: 'alive' });
    await health.get('/readyz').expect(503, { errors: [{ message: 'Not ready', code: 'not_ready' }] });
    ready = true;
    await health.get('/readyz').expect(200, { status: 'ready' });
    await health.get('/other').expect(404, { errors: [{ message: 'Not Found', code: 'not_found' }] });
  });
});
