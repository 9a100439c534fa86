import express, { Router, type Express, type RequestHandler } from 'express';
import 'express-async-errors';
import type { Logger } from 'pino';
import type { Config } from './config';
import { NotFoundError } from './errors/not-found-error';
import { currentUser } from './middlewares/current-user';
import { errorHandler } from './middlewares/error-handler';
import { jsonBody } from './middlewares/json-body';
import { methodNotAllowed } from './middlewares/method-not-allowed';
import { requestLog } from './middlewares/request-log';
import { requireAuth } from './middlewares/require-auth';
import { requireRole } from './middlewares/require-role';
import { sameOrigin } from './middlewares/same-origin';
import { securityHeaders } from './middlewares/security-headers';
import { sessionCookie } from './middlewares/session-cookie';
import { changeEmail } from './routes/change-email';
import { changePassword } from './routes/change-password';
import { changeUser } from './routes/change-user';
import { closeAccount } from './routes/close-account';
import { confirmEmail } from './routes/confirm-email';
import { confirmPasswordReset } from './routes/confirm-password-reset';
import { showCurrentUser } from './routes/current-user';
import { deleteUser } from './routes/delete-user';
import { endOtherSessions } from './routes/end-other-sessions';
import { endSession } from './routes/end-session';
import { endUserSessions } from './routes/end-user-sessions';
import { listSessions } from './routes/list-sessions';
import { listUsers } from './routes/list-users';
import { rename } from './routes/rename';
import { requestPasswordReset } from './routes/request-password-reset';
import { requestSignup } from './routes/request-signup';
import { requestVerification } from './routes/request-verification';
import { showUser } from './routes/show-user';
import { signin } from './routes/signin';
import { signout } from './routes/signout';
import { signup } from './routes/signup';
import type { Services } from './services/services';

export interface AppDeps extends Services {
  logger: Logger;
  /** With `verify-first`, an account is opened when its address is verified; for that there has to be mail. */
  signupMode: Config['signupMode'];
  /** Where browsers see the service: its origin is the one whose pages may change state. */
  publicUrl: URL;
  /** Proxies in front, whose X-Forwarded-* headers are believed. */
  trustedProxies: number;
}

/** Every middleware and route, in the order in which a request meets them. */
export function buildApp(deps: AppDeps): Express {
  const app = express();
  app.set('trust proxy', deps.trustedProxies);
  app.disable('x-powered-by');
  app.disable('etag');

  app.use(requestLog(deps.logger));
  app.use(securityHeaders());
  app.use(sameOrigin(deps.publicUrl));
  app.use(jsonBody());
  app.use(sessionCookie());
  app.use('/api/users', routes(deps));
  app.use(() => {
    throw new NotFoundError();
  });
  app.use(errorHandler);
  return app;
}

function routes({ accounts, sessions, ownAccount, administration, mail, signupMode }: AppDeps): Router {
  const router = Router();
  const signedInOnly = [currentUser(sessions), requireAuth];
  const adminOnly = [...signedInOnly, requireRole('admin')];

  const verifyFirst = signupMode === 'verify-first' && mail;
  path(router, '/signup', {
    post: verifyFirst ? requestSignup(accounts, verifyFirst.outbox) : signup(accounts, sessions),
  });
  path(router, '/signin', { post: signin(accounts, sessions) });
  path(router, '/signout', { post: [signout(sessions)] });
  path(router, '/currentuser', { get: [showCurrentUser(sessions)] });
  path(router, '/sessions', {
    get: [...signedInOnly, listSessions(sessions)],
    delete: [...signedInOnly, endOtherSessions(sessions)],
  });
  path(router, '/sessions/:id', { delete: [...signedInOnly, endSession(sessions)] });
  path(router, '/me', {
    patch: [...signedInOnly, ...rename(ownAccount)],
    delete: [...signedInOnly, ...closeAccount(ownAccount)],
  });
  path(router, '/me/password', { put: [...signedInOnly, ...changePassword(ownAccount)] });
  if (mail) {
    path(router, '/me/email', { put: [...signedInOnly, ...changeEmail(ownAccount, mail.outbox)] });
    path(router, '/email-verification', {
      post: [...signedInOnly, requestVerification(mail.emailConfirmation)],
    });
    path(router, '/email-verification/confirm', { post: confirmEmail(mail.emailConfirmation) });
    path(router, '/password-reset', { post: requestPasswordReset(mail.passwordReset) });
    path(router, '/password-reset/confirm', { post: confirmPasswordReset(mail.passwordReset) });
  }
  path(router, '/', { get: [...adminOnly, ...listUsers(administration)] });
  path(router, userById, {
    get: [...adminOnly, showUser(administration)],
    patch: [...adminOnly, ...changeUser(administration)],
    delete: [...adminOnly, deleteUser(administration)],
  });
  path(router, `${userById}/sessions`, { delete: [...adminOnly, endUserSessions(administration)] });
  return router;
}

// What can't be an id is no path of ours, so that no name of one is ever taken for an id.
const userById = '/:id([0-9a-f]{24})';

type Methods = Partial<Record<'get' | 'post' | 'put' | 'patch' | 'delete', RequestHandler<never>[]>>;

/** A path with its methods; every other method is answered with 405. */
function path(router: Router, at: string, methods: Methods): void {
  const route = router.route(at);
  for (const [method, handlers] of Object.entries(methods)) {
    route[method as keyof Methods](...(handlers as RequestHandler[]));
  }
  const allowed = Object.keys(methods).map((method) => method.toUpperCase());
  route.all(methodNotAllowed(allowed.includes('GET') ? [...allowed, 'HEAD'] : allowed));
}
