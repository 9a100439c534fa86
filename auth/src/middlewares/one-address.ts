import { isIP, BlockList } from 'node:net';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import { clientAddress } from './client-address';

// Addresses of networks that are not the internet (RFC 1918, RFC 6598, RFC 4193).
const privateNetworks = new BlockList();
for (const [network, prefix] of [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
] as const)
  privateNetworks.addSubnet(network, prefix);
privateNetworks.addSubnet('fc00::', 7, 'ipv6');
privateNetworks.addAddress('::1', 'ipv6');

const enough = 100;
const hourMs = 60 * 60 * 1000;

/**
 * Warns where every caller comes from one private address: they would share the limits of one network. It says what it
 * sees, once an hour at most. Requests from this machine alone, without a proxy, are no reason.
 */
export function warnOfOneAddress(logger: Logger, now: () => Date): RequestHandler {
  let seen = { ip: '', requests: 0, forwarded: 0 };
  let quietUntil = 0;
  return (req, _res, next) => {
    const ip = clientAddress(req);
    if (ip !== seen.ip) seen = { ip, requests: 0, forwarded: 0 };
    seen.requests += 1;
    if (req.get('X-Forwarded-For') !== undefined) seen.forwarded += 1;
    if (seen.requests >= enough && now().getTime() >= quietUntil && isSuspicious(seen)) {
      quietUntil = now().getTime() + hourMs;
      logger.warn(
        { event: 'one_address', ...seen },
        'TRUST_PROXY may be wrong: every caller comes from one private address',
      );
      seen = { ip, requests: 0, forwarded: 0 };
    }
    next();
  };
}

const isSuspicious = ({ ip, forwarded }: { ip: string; forwarded: number }): boolean =>
  isPrivate(ip) && (forwarded > 0 || !isLoopback(ip));

const isPrivate = (ip: string): boolean => privateNetworks.check(ip, isIP(ip) === 6 ? 'ipv6' : 'ipv4');

const isLoopback = (ip: string): boolean => ip === '::1' || ip.startsWith('127.');
