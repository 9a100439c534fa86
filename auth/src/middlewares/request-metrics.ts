import type { Request, RequestHandler, Response } from 'express';
import type { Metrics } from '../services/metrics/metrics';

// From a session check to a sign-in that has waited for its hash.
const buckets = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The part of Express's route that names it. */
interface MatchedRoute {
  path: string;
  methods: Readonly<Record<string, boolean>>;
}

/** Measures each request until it is answered, or the caller has hung up. */
export function requestMetrics(metrics: Metrics): RequestHandler {
  const took = metrics.histogram('auth_request_seconds', 'Duration of requests', buckets, [
    'method',
    'route',
    'status',
  ]);
  const failed = metrics.counter('auth_requests_failed_total', 'Requests answered with 500, by a defect');
  return (req, res, next) => {
    const startedAt = performance.now();
    res.once('close', () => {
      took(labelsOf(req, res), (performance.now() - startedAt) / 1000);
      if (res.statusCode === 500) failed();
    });
    next();
  };
}

/** Neither the path nor the method as they were sent: whoever sends requests could make new series with them. */
function labelsOf(req: Request, { statusCode, writableEnded }: Response) {
  const route = req.route as MatchedRoute | undefined;
  // Express answers HEAD by the route for GET.
  const method = req.method === 'HEAD' ? 'GET' : req.method;
  return {
    method: route?.methods[method.toLowerCase()] ? method : 'other',
    route: route ? withoutPattern(route.path) : 'none',
    status: writableEnded ? `${Math.floor(statusCode / 100)}xx` : 'gone',
  };
}

/** `/:id` of `/:id([0-9a-f]{24})`. */
const withoutPattern = (path: string): string => path.replace(/\([^)]*\)/g, '');
