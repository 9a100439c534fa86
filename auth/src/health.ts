import express, { type Express } from 'express';

/** For the kubelet alone: `/livez` says that the process runs, `/readyz` whether it should be sent requests. */
export function buildHealth(isReady: () => boolean): Express {
  const app = express();
  app.disable('x-powered-by');
  app.get('/livez', (_req, res) => {
    res.send({ status: 'alive' });
  });
  app.get('/readyz', (_req, res) => {
    if (isReady()) res.send({ status: 'ready' });
    else res.status(503).send({ errors: [{ message: 'Not ready' }] });
  });
  app.use((_req, res) => {
    res.status(404).send({ errors: [{ message: 'Not Found' }] });
  });
  return app;
}
