import request from 'supertest';
import { buildHealth } from '../health';

describe('health', () => {
  it('is alive whatever is the matter, and ready when told so', async () => {
    let ready = false;
    const health = request(buildHealth(() => ready));
    await health.get('/livez').expect(200, { status: 'alive' });
    await health.get('/readyz').expect(503, { errors: [{ message: 'Not ready' }] });
    ready = true;
    await health.get('/readyz').expect(200, { status: 'ready' });
    await health.get('/other').expect(404, { errors: [{ message: 'Not Found' }] });
  });
});
