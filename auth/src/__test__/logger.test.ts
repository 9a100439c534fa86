import { createLogger } from '../logger';

describe('S47 the logger', () => {
  const logged = (fields: object): Record<string, unknown> => {
    let line = '';
    createLogger('info', { write: (text: string) => (line = text) }).info(fields, 'said');
    return JSON.parse(line) as Record<string, unknown>;
  };

  it('redacts secrets that somebody logs by mistake', () => {
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

  it('writes of an error its words and its code, not what hangs on it', () => {
    const err = Object.assign(new Error('words'), { code: 11000, keyValue: { email: 'a@example.com' } });
    const line = logged({ err });
    expect(line['err']).toEqual({ type: 'Error', message: 'words', stack: expect.any(String), code: 11000 });
    expect(logged({ err: 'text' })['err']).toEqual({ type: 'string' });
  });

  it('keeps line breaks inside the line', () => {
    let lines = '';
    createLogger('info', { write: (text: string) => (lines += text) }).info('a\nb\u2028c');
    expect(lines.trim().split('\n')).toHaveLength(1);
  });
});
