import express from 'express';
import { pino } from 'pino';
import { answer, serve } from './baseline';

// A route of Express with the headers of the service, and one line of log for each request.

const body: unknown = JSON.parse(answer.body);
const logger = pino(
  { base: { service: 'auth' }, timestamp: pino.stdTimeFunctions.isoTime },
  pino.destination({ dest: 1, sync: true }),
);
const app = express();
app.disable('x-powered-by');
app.disable('etag');
app.use((req, res, next) => {
  const began = Date.now();
  res.once('finish', () => {
    const { method, originalUrl: path, ip } = req;
    const { statusCode } = res;
    logger.info(
      {
        requestId: answer.headers['x-request-id'],
        req: { method, path, ip },
        res: { statusCode },
        responseTime: Date.now() - began,
      },
      'request answered',
    );
  });
  res.set(answer.headers);
  next();
});
app.get('/api/users/currentuser', (_req, res) => {
  res.send(body);
});
serve(app);
