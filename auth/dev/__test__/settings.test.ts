import { readable } from '../output';
import { tsNodeDev } from '../service';
import { checkSettings, misspelt } from '../settings';

describe('the settings of npm run dev', () => {
  it.each([
    ['LOGLEVEL', 'LOG_LEVEL'],
    ['log_level', 'LOG_LEVEL'],
    ['MONGO_URL', 'MONGO_URI'],
    ['MONGODB_URI', 'MONGO_URI'],
    ['PROT', 'PORT'],
    ['REQUIRE_VERIFY_EMAIL', 'REQUIRE_VERIFIED_EMAIL'],
    ['INBOX_PROT', 'INBOX_PORT'],
  ])('%s is taken for a misspelt %s', (name, meant) => {
    expect(misspelt({ [name]: 'x' })).toEqual([{ name, meant }]);
  });

  it('leaves other names alone', () => {
    const names = 'PATH HOME LANG TERM USER SHELL EMAIL PAGER HOST PWD NODE_PATH NODE_OPTIONS HTTP_PROXY';
    expect(
      misspelt(Object.fromEntries([...names.split(' '), 'MAIL', 'PORT'].map((name) => [name, 'x']))),
    ).toEqual([]);
  });

  it('need neither a database nor a mail server to be right', () => {
    expect(checkSettings({ NODE_ENV: 'development', SIGNUP_MODE: 'verify-first' }).port).toBe(3000);
    expect(() =>
      checkSettings({ NODE_ENV: 'development', SIGNUP_MODE: 'verify-first', MAIL: 'off' }),
    ).toThrow('SIGNUP_MODE must not be verify-first without SMTP_URL');
  });
});

describe('a line of the log on a terminal', () => {
  const at = { time: '2026-01-01T00:00:00.000Z', service: 'auth' };

  it('is one line for a request', () => {
    const req = { method: 'POST', path: '/api/users/signup', ip: '::1' };
    const request = { level: 'info', ...at, requestId: 'a', req, res: { statusCode: 201 }, responseTime: 35 };
    expect(readable(JSON.stringify({ ...request, msg: 'request answered' }), false)).toMatch(
      /^\[\d\d:\d\d:\d\d\] INFO: POST \/api\/users\/signup 201 35 ms\n$/,
    );
  });

  it('has a stack for an error, and none for a warning', () => {
    const err = { type: 'Error', message: 'words', stack: 'Error: words\n    at here' };
    expect(readable(JSON.stringify({ level: 'error', ...at, err, msg: 'failed' }), false)).toContain(
      'at here',
    );
    expect(readable(JSON.stringify({ level: 'warn', ...at, err, msg: 'not ready' }), false)).toMatch(
      /^\[[\d:]+\] WARN: not ready: words\n$/,
    );
  });

  it('has colours where they are wanted, and what is not JSON stays as it is', () => {
    expect(readable(JSON.stringify({ level: 'info', ...at, msg: 'said' }), true)).toContain('\u001b[');
    for (const line of ['[INFO] 10:00:00 Restarting', '{"level":"in']) {
      expect(readable(line, true)).toBe(`${line}\n`);
    }
  });
});

describe('ts-node-dev', () => {
  it('F34 is refused in words in a folder with a quote in its name', () => {
    expect(() => tsNodeDev("/home/o'quote/auth/node_modules/ts-node-dev/lib/bin.js")).toThrow(
      "ts-node-dev can't run in a folder with ' in its path: rename or move /home/o'quote/auth",
    );
  });
});
