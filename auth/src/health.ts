import express, { type Express } from 'express';
import { errorEntry } from './errors/custom-error';
import { withSecurityHeaders } from './middlewares/security-headers';
import type { Metrics } from './services/metrics/metrics';

/**
 * Health checks for the kubelet: `/livez` says that the process runs, `/readyz` whether it can take requests. And
 * `/metrics` for Prometheus.
 */
export function buildHealth(isReady: () => boolean, metrics: Metrics): Express {
  metrics.gauge('auth_ready', '1 while the service can take requests', () => Number(isReady()));
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(withSecurityHeaders);
  app.get('/livez', (_req, res) => {
    res.send({ status: 'alive' });
  });
  app.get('/readyz', (_req, res) => {
    if (isReady()) res.send({ status: 'ready' });
    else res.status(503).send({ errors: [errorEntry('not_ready')] });
  });
  app.get('/metrics', (_req, res, next) => {
    metrics.text().then((text) => res.type(metrics.contentType).send(text), next);
  });
  app.use((_req, res) => {
    res.status(404).send({ errors: [errorEntry('not_found')] });
  });
  return app;
}
