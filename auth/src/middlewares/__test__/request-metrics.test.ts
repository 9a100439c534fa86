import express from 'express';
import request from 'supertest';
import { Metrics } from '../../services/metrics/metrics';
import { samplesIn } from '../../test/metrics';
import { requestMetrics } from '../request-metrics';

it('S60 has a series for each class of statuses, whatever the status is', async () => {
  const metrics = new Metrics();
  const app = express().use(requestMetrics(metrics));
  app.get('/status/:status(\\d+)', ({ params: { status } }, res) => res.status(Number(status)).end());
  for (let status = 200; status < 1000; status += 7) await request(app).get(`/status/${status}`);
  const counts = samplesIn(await metrics.text()).filter(({ name }) => name === 'auth_request_seconds_count');
  expect(new Set(counts.map(({ labels }) => labels['route']))).toEqual(new Set(['/status/:status']));
  expect(counts.map(({ labels }) => labels['status'])).toEqual([2, 3, 4, 5, 6, 7, 8, 9].map((n) => `${n}xx`));
  expect(counts.reduce((sum, { value }) => sum + value, 0)).toBe(115);
});
