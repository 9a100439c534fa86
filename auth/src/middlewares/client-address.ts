import { isIP, isIPv4, SocketAddress } from 'node:net';
import type { Request } from 'express';

/** A caller's network address, as told by the trusted proxies or the socket; empty where they name no valid one. */
export const clientAddress = ({ ip }: Pick<Request, 'ip'>): string => networkAddress(ip);

// Some proxies add a port, and brackets around IPv6.
const withPort = /^"?(?:\[(?<bracketed>[^[\]]*)\]|(?<dotted>[\d.]+))(?::\d+)?"?$/;

// A socket for IPv6 and IPv4 shows an IPv4 address as ::ffff:a.b.c.d.
const mapped = '::ffff:';

/** The address in a text, in its one spelling and without port, brackets and zone; empty where there is none. */
export function networkAddress(text = ''): string {
  const dual = text.startsWith(mapped) ? text.slice(mapped.length) : text;
  // Nearly all are of this form, which has one spelling.
  if (isIPv4(dual)) return dual;
  const { bracketed, dotted } = withPort.exec(text)?.groups ?? {};
  // The zone of an IPv6 address (RFC 4007) means something on one machine only.
  const address = (bracketed ?? dotted ?? text).replace(/%.*$/s, '');
  const version = isIP(address);
  if (version === 0) return '';
  const family = version === 6 ? 'ipv6' : 'ipv4';
  // One spelling for an address.
  return new SocketAddress({ address, family }).address.replace(/^::ffff:(?=[\d.]+$)/, '');
}
