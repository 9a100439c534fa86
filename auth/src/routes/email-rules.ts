import { domainToASCII } from 'node:url';
import { Problem } from '../errors/problem';
import { inputLimits } from '../input-limits';

/**
 * The first rule for a new address that a text breaks; what is left to check is its form in detail. Only ASCII is
 * accepted: look-alikes (fullwidth letters, a dotless i) are refused, not folded into somebody else's address. A quoted
 * local part is refused too: mail programs parse it differently, so its mail may reach another mailbox.
 */
export function brokenEmailRule(address: string): Problem | undefined {
  if (address.length > inputLimits.emailCharacters) return new Problem('email_too_long');
  const [, local = '', domain = ''] = /^([^@]+)@([^@]+)$/.exec(address) ?? [];
  if (hasOthersThanAscii(local)) return new Problem('email_not_ascii');
  if (hasOthersThanAscii(domain)) return domainProblem(domain);
  return /^[!#-?A-~]+@[!#-?A-~]+$/.test(address) ? undefined : new Problem('email_invalid');
}

const hasOthersThanAscii = (text: string): boolean => /\P{ASCII}/u.test(text);

// The labels of a domain that mail can be sent to (RFC 5321, section 2.3.5), one of them in Punycode (RFC 5890).
const punycodeDomain =
  /^(?=.*xn--)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})$/;

/** Names the form of the domain that would be accepted, if there is one. */
function domainProblem(domain: string): Problem {
  const ascii = domainToASCII(domain);
  const { message } = new Problem('email_domain_not_ascii');
  return new Problem('email_domain_not_ascii', punycodeDomain.test(ascii) ? `${message}: ${ascii}` : message);
}
