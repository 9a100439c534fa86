import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { follow, freePort } from '../../src/test/process';
import { embedded, ports, root, useDev } from './run';

const { dev, temporaryFolder, copy } = useDev();

/** The commands of a document: one entry for each block that is marked as a shell's. */
function blocksOf(document: string): string[] {
  const text = readFileSync(path.join(root, document), 'utf8');
  return [...text.matchAll(/^```sh\n([^]*?)^```/gm)].map(([, commands = '']) => commands);
}

// Replaces curl: prints each status and URL beside the output. The last `-w` is the one that counts.
const printStatus = `curl() { command curl -s "$@" -w '%{stderr}\n=> %{http_code} %{url_effective}\n'; }`;

describe('the documents', () => {
  let settings: Awaited<ReturnType<typeof ports>> & { MONGO_DATA: string };
  let home: string;

  beforeAll(async () => {
    home = await temporaryFolder();
    settings = {
      ...(await ports()),
      INBOX_PORT: String(await freePort()),
      MONGO_DATA: await temporaryFolder(),
    };
    await dev(settings).line(/"msg":"Listening"/);
  });

  /** Runs the blocks in one shell against `npm run dev`, and returns each answer of the service: its status and path. */
  async function run(blocks: string[]): Promise<{ answers: string[]; output: string }> {
    const commands = [printStatus, ...blocks]
      .join('\n')
      .replaceAll('localhost:3000', `localhost:${settings.PORT}`)
      .replaceAll('localhost:8025', `localhost:${settings.INBOX_PORT}`)
      .replaceAll(/\w+\.jar\b/g, `${home}/$&`);
    const env = { ...process.env, ...embedded, ...settings };
    const shell = follow(spawn('bash', ['-c', commands], { cwd: copy(), env }));
    expect(await shell.ended).toBe(0);
    const answers = [...shell.output().matchAll(/^=> (\d+) \S+\/api\/users(\S*)$/gm)];
    return {
      answers: answers.map(
        ([, status = '', endpoint = '']) => `${status} ${endpoint.replace(/[0-9a-f]{24}/, ':id')}`,
      ),
      output: shell.output(),
    };
  }

  it('README.md: the first requests are answered as it says', async () => {
    const { answers, output } = await run(
      blocksOf('../README.md').filter((block) => /^curl (?!-k)/.test(block)),
    );
    expect(answers).toEqual([
      '201 /signup',
      '200 /signin',
      '200 /currentuser',
      '200 /sessions',
      '200 /signout',
      '200 /currentuser',
    ]);
    expect(output).toContain('{"currentUser":{"id":');
    expect(output).toContain('{"currentUser":null}');
  });

  it('accounts.md: every step in the life of an account works as written, twice within the limits', async () => {
    const blocks = blocksOf('docs/accounts.md');
    const { answers } = await run(blocks);
    // Right after it, from the same network: with other addresses, because the first ones have accounts now.
    const others = blocks.map((block) => block.replaceAll(/\b(ada|grace|root)\b/g, '$1-again'));
    const again = await run(others);
    expect(again.answers.map((answer) => answer.replace('-again', ''))).toEqual(answers);
    expect(answers).toEqual([
      '201 /signup',
      '200 /email-verification/confirm',
      '200 /me',
      '204 /me/confirm-password',
      '204 /sessions',
      '204 /me/password',
      '202 /password-reset',
      '204 /password-reset/confirm',
      '200 /signin',
      '202 /me/email',
      '200 /email-verification/confirm',
      '200 /email-verification/confirm',
      '204 /password-reset/confirm',
      '200 /signin',
      '204 /me',
      '200 /email-verification/confirm',
      '204 /password-reset/confirm',
      '200 /signin',
      '201 /signup',
      '200 ?email=grace&role=user&limit=10',
      '200 ?email=grace',
      '200 /:id',
      '200 /:id',
      '204 /:id/sessions',
      '204 /:id',
    ]);
  }, 480_000);
});

const documents = [
  '../README.md',
  ...readdirSync(path.join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

it('README.md is one page: at most 120 lines and 8 kB', () => {
  const readme = readFileSync(path.join(root, '../README.md'));
  expect(readme.length).toBeLessThanOrEqual(8000);
  expect(readme.toString().split('\n').length - 1).toBeLessThanOrEqual(120);
});

it('the only pictures are two for the README, of at most 80 kB', () => {
  const pictures = readdirSync(path.join(root, 'docs')).filter((name) => name.endsWith('.png'));
  expect(pictures.sort()).toEqual(['account.png', 'sign-in.png']);
  for (const name of pictures) {
    expect(readFileSync(path.join(root, 'docs', name)).length).toBeLessThanOrEqual(80_000);
    expect(readFileSync(path.join(root, '../README.md'), 'utf8')).toContain(`](auth/docs/${name})`);
  }
});

describe('the shell commands of', () => {
  // zsh takes an unquoted ? * [ for a pattern, an interactive zsh does not know comments, and ! repeats a command.
  it.each(documents)('%s can be pasted in bash and zsh', (document) => {
    const unsafe = blocksOf(document)
      .flatMap((block) => block.split('\n'))
      .filter((line) => line.replaceAll(/'[^']*'/g, '').includes('!') || /[#?*[]/.test(unquoted(line)));
    expect(unsafe).toEqual([]);
  });
});

const unquoted = (line: string): string => line.replaceAll(/'[^']*'|"(?:\\.|[^"\\])*"/g, '');
