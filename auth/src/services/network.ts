import { isIPv6 } from 'node:net';

/** The network that one caller is taken to have: an IPv4 address, or the /64 of an IPv6 address (RFC 6177). */
export function networkOf(ip: string): string {
  if (!isIPv6(ip)) return ip;
  // In the one spelling that URLs have, without the zone (RFC 4007).
  const address = new URL(`http://[${ip.replace(/%.*$/s, '')}]`).hostname.slice(1, -1);
  // An IPv4 address that IPv6 wraps (RFC 4291, section 2.5.5.2).
  if (address.startsWith('::ffff:')) return address;
  const [before = [], after = []] = address.split('::').map((half) => half.split(':').filter(Boolean));
  const zeros = Array<string>(8 - before.length - after.length).fill('0');
  return `${[...before, ...zeros, ...after].slice(0, 4).join(':')}::/64`;
}
