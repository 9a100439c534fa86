import express, { Router, type Express, type RequestHandler } from 'express';
import 'express-async-errors';
import type { Logger } from 'pino';
import type { Config } from './config';
import { NotFoundError } from './errors/not-found-error';
import { cookieSecurity } from './middlewares/cookies';
import { currentUser } from './middlewares/current-user';
import { errorHandler } from './middlewares/error-handler';
import { jsonBody } from './middlewares/json-body';
import { methodNotAllowed } from './middlewares/method-not-allowed';
import { oneHost } from './middlewares/one-host';
import { warnOfOneAddress } from './middlewares/one-address';
import { requestLog } from './middlewares/request-log';
import { requestMetrics } from './middlewares/request-metrics';
import { requireAuth } from './middlewares/require-auth';
import { requireFresh } from './middlewares/require-fresh';
import { requireRole } from './middlewares/require-role';
import { sameOrigin, type OwnOrigins } from './middlewares/same-origin';
import { withSecurityHeaders } from './middlewares/security-headers';
import { pages, type PagesOptions } from './pages/pages';
import { changeEmail } from './routes/accounts/change-email';
import { changePassword } from './routes/accounts/change-password';
import { changeUser } from './routes/accounts/change-user';
import { closeAccount } from './routes/accounts/close-account';
import { confirmEmail } from './routes/accounts/confirm-email';
import { confirmPassword } from './routes/accounts/confirm-password';
import { confirmPasswordReset } from './routes/accounts/confirm-password-reset';
import { listActivity } from './routes/audit/list-activity';
import { listAudit } from './routes/audit/list-audit';
import { showCurrentUser } from './routes/sessions/current-user';
import { declineEmail } from './routes/accounts/decline-email';
import { deleteUser } from './routes/accounts/delete-user';
import { endOtherSessions } from './routes/sessions/end-other-sessions';
import { endSession, isCurrent } from './routes/sessions/end-session';
import { endUserSessions } from './routes/accounts/end-user-sessions';
import { showKeys } from './routes/keys/show-keys';
import { listSessions } from './routes/sessions/list-sessions';
import { listUsers } from './routes/accounts/list-users';
import { updateProfile } from './routes/accounts/update-profile';
import { requestPasswordReset } from './routes/accounts/request-password-reset';
import { requestSignup } from './routes/accounts/request-signup';
import { requestVerification } from './routes/accounts/request-verification';
import { showEmailChange } from './routes/accounts/show-email-change';
import { showUser } from './routes/accounts/show-user';
import { signin } from './routes/accounts/signin';
import { signout } from './routes/sessions/signout';
import { signup } from './routes/accounts/signup';
import type { Metrics } from './services/metrics/metrics';
import type { Services } from './services/services';

export interface AppDeps extends Services, OwnOrigins {
  metrics: Metrics;
  logger: Logger;
  now: () => Date;
  /** With `verify-first`, an account is created once its address is verified. This needs mail. */
  signupMode: Config['signupMode'];
  /** Undefined where the service has no pages for people. */
  pages?: PagesOptions | undefined;
  /** How many proxies in front of the service may set X-Forwarded-* headers. */
  trustedProxies: number;
}

/** Every middleware and route, in the order in which a request passes them. */
export function buildApp(deps: AppDeps): Express {
  const app = express();
  app.set('trust proxy', deps.trustedProxies);
  app.disable('x-powered-by');
  app.disable('etag');

  app.use(requestMetrics(deps.metrics));
  app.use(requestLog(deps.logger));
  app.use(warnOfOneAddress(deps.logger, deps.now));
  app.use(withSecurityHeaders);
  app.use(oneHost);
  app.use(sameOrigin(deps));
  app.use(jsonBody());
  app.use(cookieSecurity(deps.publicUrl));
  app.use('/api/users', routes(deps));
  if (deps.pages) app.use(pages(deps.pages));
  app.use(() => {
    throw new NotFoundError();
  });
  app.use(errorHandler);
  return app;
}

function routes(deps: AppDeps): Router {
  const { accounts, sessions, sessionStart, ownAccount, administration, audit, mail, signupMode } = deps;
  const router = Router();
  const signedInOnly = [currentUser(sessions), requireAuth];
  const adminOnly = [...signedInOnly, requireRole('admin', audit)];
  // In this order, so that a refusal says first what the caller lacks most.
  const fresh = requireFresh(sessions, audit);

  const verifyFirst = signupMode === 'verify-first' && mail;
  path(router, '/signup', {
    post: verifyFirst ? requestSignup(accounts, verifyFirst.outbox) : signup(accounts, sessionStart),
  });
  path(router, '/signin', { post: signin(accounts, sessionStart) });
  path(router, '/signout', { post: [signout(sessions)] });
  path(router, '/currentuser', { get: [showCurrentUser(sessions)] });
  path(router, '/sessions', {
    get: [...signedInOnly, listSessions(sessions)],
    delete: [...signedInOnly, fresh, endOtherSessions(ownAccount)],
  });
  path(router, '/sessions/:id', {
    delete: [...signedInOnly, requireFresh(sessions, audit, isCurrent), endSession(sessions)],
  });
  path(router, '/me', {
    patch: [...signedInOnly, ...updateProfile(ownAccount)],
    delete: [...signedInOnly, ...closeAccount(ownAccount)],
  });
  path(router, '/me/confirm-password', { post: [...signedInOnly, ...confirmPassword(ownAccount)] });
  path(router, '/me/password', { put: [...signedInOnly, ...changePassword(ownAccount)] });
  path(router, '/me/activity', { get: [...signedInOnly, ...listActivity(audit)] });
  if (mail) {
    path(router, '/me/email', {
      get: [...signedInOnly, showEmailChange(ownAccount)],
      put: [...signedInOnly, ...changeEmail(ownAccount, mail.outbox)],
    });
    path(router, '/email-verification', {
      post: [...signedInOnly, requestVerification(mail.emailConfirmation)],
    });
    path(router, '/email-verification/confirm', {
      post: [currentUser(sessions), ...confirmEmail(mail.emailConfirmation)],
    });
    path(router, '/email-verification/decline', { post: declineEmail(mail.emailDecline) });
    path(router, '/password-reset', { post: requestPasswordReset(mail.passwordReset) });
    path(router, '/password-reset/confirm', { post: confirmPasswordReset(mail.passwordReset) });
  }
  path(router, '/.well-known/jwks.json', { get: [showKeys(deps.keyRing)] });
  path(router, '/', { get: [...adminOnly, ...listUsers(administration)] });
  path(router, '/audit', { get: [...adminOnly, fresh, ...listAudit(audit)] });
  path(router, userById, {
    get: [...adminOnly, showUser(administration)],
    patch: [...adminOnly, fresh, ...changeUser(administration)],
    delete: [...adminOnly, fresh, deleteUser(administration)],
  });
  path(router, `${userById}/sessions`, { delete: [...adminOnly, fresh, endUserSessions(administration)] });
  return router;
}

// Only a well-formed id matches, so that a path such as /me or /sessions is never taken for an id.
const userById = '/:id([0-9a-f]{24})';

type Methods = Partial<Record<'get' | 'post' | 'put' | 'patch' | 'delete', RequestHandler<never>[]>>;

/** Adds a path with its methods. Every other method gets 405. */
function path(router: Router, at: string, methods: Methods): void {
  const route = router.route(at);
  for (const [method, handlers] of Object.entries(methods)) {
    route[method as keyof Methods](...(handlers as RequestHandler[]));
  }
  const allowed = Object.keys(methods).map((method) => method.toUpperCase());
  route.all(methodNotAllowed(allowed.includes('GET') ? [...allowed, 'HEAD'] : allowed));
}
