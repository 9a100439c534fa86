import { Router, type RequestHandler } from 'express';
import { NotFoundError } from '../errors/not-found-error';
import { methodNotAllowed } from '../middlewares/method-not-allowed';
import { DocumentCache, type PageSettings } from './document-cache';
import type { EncodedFile, PageFiles, PagesSource } from './page-files';
import { assetHeaders, documentHeaders } from './page-headers';
import { assetsPath, notFoundPage, pagePaths } from './page-paths';
import { sendFile } from './send-file';

export interface PagesOptions {
  source: PagesSource;
  settings: PageSettings;
}

/** The pages for people, which use the JSON API as any front end does. They know nothing of accounts. */
export function pages({ source, settings }: PagesOptions): Router {
  const router = Router();
  const documents = new DocumentCache(settings);
  const page =
    (name: string, status = 200): RequestHandler =>
    async (req, res) => {
      const { file, etag } = documents.get(await source(), name);
      res.status(status).set(documentHeaders);
      sendFile(req, res, file, etag);
    };
  for (const [path, name] of Object.entries(pagePaths)) readOnly(router, path, page(name));
  readOnly(router, `${assetsPath}/:name`, asset(source));
  // Where password managers send people (https://w3c.github.io/webappsec-change-password-url/).
  readOnly(router, '/.well-known/change-password', (_req, res) => {
    res.status(302).location('/account#password').end();
  });
  router.use(forBrowsers, page(notFoundPage, 404));
  return router;
}

const asset =
  (source: PagesSource): RequestHandler<{ name: string }> =>
  async (req, res) => {
    const { name } = req.params;
    const { assets } = await source();
    const file = assets.get(name);
    const other = file ?? ofOtherVersion(name, assets);
    if (!other) throw new NotFoundError();
    if (file) res.set(assetHeaders);
    sendFile(req, res, other);
  };

/**
 * While a version is deployed, its page may ask the version before it for a file, or the other way round. It gets the file
 * of that kind that is there, to be kept by nobody, rather than a page without style and script.
 */
function ofOtherVersion(name: string, assets: PageFiles['assets']): EncodedFile | undefined {
  const [, kind = '', ending = ''] = /^(\w+)-[A-Z0-9]{8}(\.\w+)$/.exec(name) ?? [];
  return [...assets].find(([own]) => own.startsWith(`${kind}-`) && own.endsWith(ending) && kind !== '')?.[1];
}

const belowApi = /^\/api(?:\/|$)/i;

/** Leaves to the app, which answers JSON, what a browser does not open as a page. A program takes any type. */
const forBrowsers: RequestHandler = (req, _res, next) => {
  const isRead = req.method === 'GET' || req.method === 'HEAD';
  const isOpened = isRead && !belowApi.test(req.path) && req.accepts(['json', 'html']) === 'html';
  next(isOpened ? undefined : 'router');
};

/** A path that can be read and nothing else. */
function readOnly<Params>(router: Router, path: string, handler: RequestHandler<Params>): void {
  router
    .route(path)
    .get(handler as RequestHandler)
    .all(methodNotAllowed(['GET', 'HEAD']));
}
