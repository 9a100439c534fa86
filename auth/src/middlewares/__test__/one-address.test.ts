import express from 'express';
import request from 'supertest';
import { createLogger } from '../../logger';
import { warnOfOneAddress } from '../one-address';

/** Requests of these addresses, as a proxy in front names them; returns what is logged. */
async function warnings(
  addresses: string[],
  options: { trusted?: number; hours?: number } = {},
): Promise<Record<string, unknown>[]> {
  const logged: Record<string, unknown>[] = [];
  const logger = createLogger('info', {
    write: (line: string) => logged.push(JSON.parse(line) as Record<string, unknown>),
  });
  let at = 0;
  const app = express().set('trust proxy', options.trusted ?? 1);
  app.use(warnOfOneAddress(logger, () => new Date(at)));
  app.use((_req, res) => void res.send());
  const server = app.listen(0);
  for (const [n, address] of addresses.entries()) {
    at = ((options.hours ?? 0) * 60 * 60 * 1000 * n) / addresses.length;
    const asked = request(server).get('/');
    await (address === '' ? asked : asked.set('X-Forwarded-For', address));
  }
  server.close();
  return logged;
}

const many = (address: string, count = 100): string[] => Array<string>(count).fill(address);

describe('a warning that every caller comes from one private address', () => {
  it.each(['10.1.2.3', '172.31.0.1', '192.168.0.1', '100.64.0.1', 'fd00::1'])('says %s, once', async (ip) => {
    expect(await warnings(many(ip, 250))).toEqual([
      expect.objectContaining({
        event: 'one_address',
        ip,
        requests: 100,
        forwarded: 100,
        msg: expect.stringContaining('TRUST_PROXY') as string,
      }),
    ]);
  });

  it('comes once an hour at most', async () => {
    expect(await warnings(many('10.1.2.3', 500), { hours: 2.5 })).toHaveLength(3);
  });

  it('comes where the proxy on this machine is not trusted', async () => {
    const [warning] = await warnings(many('203.0.113.1'), { trusted: 0 });
    expect(warning).toMatchObject({ event: 'one_address', forwarded: 100 });
  });

  it.each([
    ['a public address', many('203.0.113.1')],
    ['several private addresses', many('10.1.2.3', 99).concat('10.1.2.4', many('10.1.2.3', 99))],
    ['few requests', many('10.1.2.3', 99)],
    ['this machine alone, without a proxy', many('')],
  ])('does not come for %s', async (_, addresses) => {
    expect(await warnings(addresses)).toEqual([]);
  });
});
