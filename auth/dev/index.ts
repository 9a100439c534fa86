import { generateKeyPairSync } from 'node:crypto';
import { spawn } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { dataFolder, developmentSettings, uriFile } from './embedded';
import { startInbox } from './inbox';
import { startMongod, type Mongod } from './mongod';

// `npm run dev`: the service, restarted whenever a source changes, with a MongoDB of its own where none is named.

async function main(): Promise<void> {
  const env = developmentSettings();
  const port = env['PORT'] ?? '3000';
  // Where the links in mails lead.
  env['PUBLIC_URL'] ??= `http://localhost:${port}`;
  const inboxPort = env['INBOX_PORT'] ?? '8025';
  const embedsInbox = env['SMTP_URL'] === undefined && env['MAIL'] !== 'off';
  await Promise.all([
    requireFree('PORT', port),
    requireFree('HEALTH_PORT', env['HEALTH_PORT'] ?? '3001'),
    ...(embedsInbox ? [requireFree('INBOX_PORT', inboxPort)] : []),
  ]);

  const inbox = embedsInbox ? await startInbox({ smtpPort: 0, pagePort: Number(inboxPort), say }) : undefined;
  if (inbox) {
    env['SMTP_URL'] = inbox.smtpUrl;
    say(`inbox: ${inbox.pageUrl}`);
  }
  const mongod = env['MONGO_URI'] ? undefined : await embed(env);
  if (mongod) {
    say(`address: http://localhost:${port}`);
    say(
      `try: curl -i -H 'Content-Type: application/json' -d '{"email":"test@example.com","password":"password"}' http://localhost:${port}/api/users/signup`,
    );
  }
  process.exitCode = await watch(env);
  await Promise.all([mongod?.stop(), inbox?.close()]);
}

/** A MongoDB of this run's own; its data stay in a folder, unless MONGO_DATA is `temporary` or names another. */
async function embed(env: NodeJS.ProcessEnv): Promise<Mongod> {
  const folder = dataFolder(env);
  const mongod = await startMongod({ say, ...(folder !== undefined && { dataFolder: folder }) });
  const uri = mongod.uri('auth');
  env['MONGO_URI'] = uri;
  say(`mongod runs as process ${mongod.pid ?? 0}: ${uri}`);
  say(`data: ${folder ?? 'kept in a temporary folder, and removed at the end'}`);
  if (folder !== undefined) await writeFile(uriFile(folder), uri);
  if (!env['JWT_PRIVATE_KEY']) {
    // Made here, and not by the service, so that a restart after a saved file signs nobody out.
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    env['JWT_PRIVATE_KEY'] = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    say('warning: JWT_PRIVATE_KEY is not set: sessions are signed with a key that ends with this run');
  }
  return {
    ...mongod,
    stop: async () => {
      if (folder !== undefined) await rm(uriFile(folder), { force: true });
      await mongod.stop();
    },
  };
}

/** Runs the service until it or the person ends it; answers the exit code. */
function watch(env: NodeJS.ProcessEnv): Promise<number> {
  const tsNodeDev = require.resolve('ts-node-dev/lib/bin');
  const script = path.resolve(__dirname, '../src/index.ts');
  // A process group of its own: Ctrl-C in a terminal reaches every process of a group, and ts-node-dev passes it on
  // too, which the service would take for the second signal that ends it at once.
  const child = spawn(process.execPath, [tsNodeDev, '--respawn', '--transpile-only', '--no-notify', script], {
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.pipe(process.stdout);
  child.stderr.pipe(process.stderr);

  let stopping = false;
  const stop = (): void => {
    if (stopping && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    else child.kill('SIGTERM');
    stopping = true;
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  // A signal to the whole group ends the parent too: that is not the second signal, which ends the service at once.
  onceOrphaned(() => {
    if (!stopping) stop();
  });
  return new Promise((resolve) => {
    // Not 'exit': ts-node-dev goes before the service does, whose end closes the streams that both write to.
    child.on('close', (code) => {
      resolve(stopping ? 0 : (code ?? 1));
    });
  });
}

/** npm passes SIGTERM on to its shell only, which dies of it without a word to us. */
function onceOrphaned(stop: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    stop();
  }, 250);
  timer.unref();
}

/** @throws {Error} a plain sentence where somebody listens on the port already */
function requireFree(setting: string, port: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', () => {
      reject(new Error(`port ${port} is in use: stop what listens there, or set ${setting} to another`));
    });
    probe.listen(Number(port), () => {
      probe.close(() => {
        resolve();
      });
    });
  });
}

function say(line: string): void {
  process.stdout.write(`dev: ${line}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`dev: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
