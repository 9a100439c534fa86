import express from 'express';
import { answer, serve } from './baseline';

// The least that Express can do: one route.

const body: unknown = JSON.parse(answer.body);
const app = express();
app.get('/api/users/currentuser', (_req, res) => {
  res.send(body);
});
serve(app);
