import { fork } from 'node:child_process';
import path from 'node:path';

it('ts-node-dev is told of the modules that it watches, and of no others', async () => {
  const preload = path.resolve(__dirname, '../preload.js');
  const messages = [{ required: '/a/node_modules/b.js' }, { required: '/a/src/b.ts' }, { compile: 'c.ts' }];
  const send = `for (const message of ${JSON.stringify(messages)}) process.send(message);`;
  const source = `require(${JSON.stringify(preload)}); ${send}`;
  const child = fork('-e', [source], { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const received: unknown[] = [];
  child.on('message', (message) => received.push(message));
  await new Promise((resolve) => child.once('close', resolve));
  expect(received).toEqual(messages.slice(1));
});
