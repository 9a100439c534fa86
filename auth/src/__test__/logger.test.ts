import { createLogger } from '../logger';

describe('S47 the logger', () => {
  const logged = (fields: object): Record<string, unknown> => {
    let line = '';
    createLogger('info', { write: (text: string) => (line = text) }).info(fields, 'said');
    return JSON.parse(line) as Record<string, unknown>;
  };

  it('redacts secrets in logged objects', () => {
    const text = JSON.stringify(
      logged({
        password: 'secret',
        user: { password: 'secret' },
        req: { headers: { cookie: 'secret' } },
        jwt: 'secret',
      }),
    );
    expect(text).not.toContain('secret');
    expect(text).toContain('[redacted]');
  });

  it('logs the type, message, stack and code of an error, but no other properties', () => {
    const err = Object.assign(new Error('words'), { code: 11000, keyValue: { email: 'a@example.com' } });
    const line = logged({ err });
    expect(line['err']).toEqual({ type: 'Error', message: 'words', stack: expect.any(String), code: 11000 });
    expect(logged({ err: 'text' })['err']).toEqual({ type: 'string' });
  });

  it('writes a message with line breaks as one line', () => {
    let lines = '';
    createLogger('info', { write: (text: string) => (lines += text) }).info('a\nb\u2028c');
    expect(lines.trim().split('\n')).toHaveLength(1);
  });
});
