import { answer, serve } from './baseline';

// The least that Node can do: the same bytes without a framework.

const body = Buffer.from(answer.body);

serve((_req, res) => {
  res.writeHead(200, { 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': body.length });
  res.end(body);
});
