import express from 'express';
import { answer, serve } from './baseline';

// A route of Express that parses a body and refuses it.

const body: unknown = JSON.parse(answer.body);
const app = express();
app.use(express.json());
app.post('/api/users/signup', (_req, res) => {
  res.status(400).send(body);
});
serve(app);
