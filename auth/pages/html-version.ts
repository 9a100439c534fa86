import { Refusal } from './refusal';

/** Which HTML this script was built for. The build replaces it. */
declare const HTML_VERSION: string;

/**
 * While a version is deployed, a page may come from one replica and this script from another.
 * @throws {Refusal} so that the page says that the service is starting, and can be tried again; nothing has been done yet
 */
export function requireOwnHtml(): void {
  if (document.documentElement.dataset['html'] !== HTML_VERSION) throw new Refusal([{ code: 'not_ready' }]);
}
