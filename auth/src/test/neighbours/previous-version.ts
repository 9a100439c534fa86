import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = path.resolve(__dirname, '../../..');

// The last version before schema version 2.
const revision = 'c89d387b410727e23014dc73c8689b67e1d24014';

/**
 * Builds the previous version of the service for the tests of one file, with the dependencies of this one. The folder of
 * the build is known once beforeAll is done.
 * @param of its commit
 */
export function usePreviousVersion(of = revision): { folder: () => string } {
  let temporary = '';
  const folder = (): string => path.join(temporary, 'auth');
  beforeAll(async () => {
    await requireHistory(of);
    temporary = await mkdtemp(path.join(os.tmpdir(), 'previous-version-'));
    const archive = path.join(temporary, 'auth.tar');
    await run('git', ['-C', path.dirname(root), 'archive', '--output', archive, of, 'auth']);
    await run('tar', ['-x', '-f', archive, '-C', temporary]);
    await symlink(path.join(root, 'node_modules'), path.join(folder(), 'node_modules'), 'dir');
    const compiler = path.join(root, 'node_modules/typescript/bin/tsc');
    await run(process.execPath, [compiler, '-p', 'tsconfig.build.json', '--noCheck'], { cwd: folder() });
  });
  afterAll(async () => {
    if (temporary !== '') await rm(temporary, { recursive: true, force: true });
  });
  return { folder };
}

async function requireHistory(of: string): Promise<void> {
  await run('git', ['-C', root, 'cat-file', '-e', `${of}^{commit}`]).catch((cause: unknown) => {
    throw new Error(
      `This test builds commit ${of}, which this clone lacks. Fetch the history: git fetch --unshallow`,
      { cause },
    );
  });
}
