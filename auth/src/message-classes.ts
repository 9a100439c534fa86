import { IncomingMessage, ServerResponse, type RequestListener } from 'node:http';

/** What `createServer` makes requests and responses from. */
interface MessageClasses {
  IncomingMessage?: typeof IncomingMessage;
  ServerResponse?: typeof ServerResponse;
}

/**
 * Classes of requests and responses which have the prototypes that an Express app wants from their beginning. Express 4
 * otherwise changes the prototype of both for each request, and V8 of Node 20 then looks their properties up anew,
 * everywhere: this was about half of the CPU time of a session check.
 * @returns nothing for a listener that is no Express app
 */
export function messageClasses(app: RequestListener): MessageClasses {
  if (!isExpress(app)) return {};
  class Request extends IncomingMessage {}
  class Response<T extends IncomingMessage> extends ServerResponse<T> {}
  Object.setPrototypeOf(Request.prototype, app.request);
  Object.setPrototypeOf(Response.prototype, app.response);
  app.request = Request.prototype;
  app.response = Response.prototype;
  return { IncomingMessage: Request, ServerResponse: Response };
}

const isExpress = (app: object): app is { request: object; response: object } =>
  'request' in app && 'response' in app;
