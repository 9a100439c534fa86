import { spawn } from 'node:child_process';
import path from 'node:path';
import { follow, type RunningProcess } from '../test/process';
import { password, useService } from '../test/service';

const service = useService();

/** The command of the service's image, with the settings of a pod that matter to it. */
function cli(args: string[], input = '', settings: NodeJS.ProcessEnv = {}): RunningProcess {
  const { host, port, name } = service.connection;
  const child = spawn(process.execPath, ['dist/cli.js', ...args], {
    cwd: path.resolve(__dirname, '../..'),
    env: {
      PATH: process.env['PATH'],
      NODE_ENV: 'test',
      PASSWORD_COST: 'ln=4,r=8,p=1',
      MONGO_URI: `mongodb://${host}:${port}/${name}?replicaSet=rs0`,
      ...settings,
    },
  });
  child.stdin.end(input);
  return follow(child);
}

const createAdmin = (email: string) => ['create-admin', '--email', email];
const signin = (email: string, secret: string) =>
  service.api().post('/api/users/signin').send({ email, password: secret });

describe('create-admin', () => {
  it('opens the account of an admin, and prints the password that it made, once', async () => {
    const { ended, output } = cli(createAdmin(' Root@Example.com '));
    expect(await ended).toBe(0);
    const made = /^password: ([\w-]{24})$/m.exec(output())?.[1] ?? '';
    expect(output().split(made)).toHaveLength(2);
    expect(output()).toContain('"event":"admin_created"');
    const response = await signin('root@example.com', made).expect(200);
    expect(response.body).toMatchObject({ email: 'root@example.com', role: 'admin', emailVerified: true });
  });

  it('takes the password from the standard input, repeats it nowhere, and refuses an address that is in use', async () => {
    const args = [...createAdmin('second@example.com'), '--password-stdin'];
    const first = cli(args, `${password}\n`);
    expect(await first.ended).toBe(0);
    expect(first.output()).not.toContain(password);
    await signin('second@example.com', password).expect(200);
    const again = cli(args, 'another good password\n');
    expect(await again.ended).toBe(1);
    expect(again.output()).toBe('auth: Email in use\n');
    await signin('second@example.com', password).expect(200);
  });

  it('refuses what sign-up would refuse, and tells how it is used', async () => {
    const short = cli([...createAdmin('nonsense'), '--password-stdin'], 'short\n');
    const strict = { PASSWORD_PROFILE: 'strict' };
    const common = cli([...createAdmin('a@example.com'), '--password-stdin'], 'P@ssw0rd2024!\n', strict);
    const usage = cli(['create-admin', '--password', 'as an argument']);
    expect(await short.ended).toBe(1);
    expect(short.output()).toMatch(/^auth: Email must be valid\nPassword must be between 8/);
    expect(await common.ended).toBe(1);
    expect(common.output()).toBe('auth: Password is too common\n');
    expect(await usage.ended).toBe(2);
    expect(usage.output()).toMatch(/^usage: /);
  });
});
