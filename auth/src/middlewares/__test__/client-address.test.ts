import { isIP } from 'node:net';
import { password, useService } from '../../test/service';
import { networkAddress } from '../client-address';

describe('F6 a network address', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['203.0.113.7:5678', '203.0.113.7'],
    ['"203.0.113.7:5678"', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['[::ffff:203.0.113.7]:80', '203.0.113.7'],
    ['::FFFF:cb00:7107', '203.0.113.7'],
    ['[::1]:443', '::1'],
    ['[::1]', '::1'],
    ['"[2001:DB8:0:0::1]:443"', '2001:db8::1'],
    ['2001:db8:0:0:0:0:0:1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['[fe80::1%25eth0]:80', 'fe80::1'],
    ['', ''],
    ['unknown', ''],
    ['_hidden', ''],
    ['-', ''],
    [',', ''],
    ['203.0.113', ''],
    ['203.0.113.256', ''],
    ['203.0.113.007', ''],
    ['[203.0.113.7', ''],
    ['::1]:443', ''],
    ['1'.repeat(10_000), ''],
    [`[${':'.repeat(10_000)}]:1`, ''],
    [`fe80::1%${'x'.repeat(10_000)}`, 'fe80::1'],
    ['127.0.0.1\n', ''],
  ])('is read from %j', (text, address) => {
    expect(networkAddress(text)).toBe(address);
  });
});

describe('F6 X-Forwarded-For, User-Agent and X-Request-Id of any form', () => {
  const service = useService();
  const hostile = [
    'x'.repeat(65),
    'x'.repeat(4000),
    '1.2.3.4:5678',
    '[::1]:443',
    'unknown',
    '_hidden',
    '',
    ',,,',
    ' , ',
    'fe80::1%eth0',
    '\xff\xfe\x80',
    '1.2.3.4\t',
    '{"$gt":""}',
    `203.0.113.7, ${'9'.repeat(100)}`,
  ];

  it.each(hostile)('never fail a sign-up or a sign-in: %j', async (value) => {
    const email = `${Buffer.from(value, 'latin1').toString('hex').slice(0, 50)}x${value.length}@example.com`;
    const headers = { 'X-Forwarded-For': value, 'User-Agent': value, 'X-Request-Id': value };
    for (const [path, status] of [
      ['signup', 201],
      ['signin', 200],
    ] as const) {
      const response = await service.api().post(`/api/users/${path}`).set(headers).send({ email, password });
      expect(response.status).toBe(status);
      expect(response.get('X-Request-Id')).toMatch(/^[\w-]{1,64}$/);
    }
    const user = await service.users.findOne({ email }).lean().orFail();
    for (const { ip, userAgent } of await service.sessions.find({ user: user._id }).lean()) {
      expect(ip === '' || isIP(ip) > 0).toBe(true);
      expect(userAgent.length).toBeLessThanOrEqual(256);
    }
    for (const { req } of service.logs as { req?: { ip: string } }[])
      if (req) expect(req.ip === '' || isIP(req.ip) > 0).toBe(true);
  });
});
