/** Who sends the mails. */
export interface Sender {
  /** Empty where there is only an address. */
  name: string;
  address: string;
}

/**
 * Reads `address`, `name <address>` or `"name" <address>` (RFC 5322, section 3.4). The name is sent as it was written: one that
 * mail programs would read in another way is refused.
 */
export function parseSender(text: string): Sender | undefined {
  const [, quoted, plain = '', inBrackets, alone] =
    /^(?:(?:"([^"\\<>]*)"|([^"\\<>]*?)) *<([^<>]*)>|([^<>"]*))$/.exec(text) ?? [];
  const name = quoted ?? plain;
  const address = inBrackets ?? alone ?? '';
  if (!isPlainAddress.test(address) || address.length > 254 || isMisread.test(name)) return undefined;
  return { name: name.trim(), address };
}

/** A dot-atom and the name of a host: what every mail program reads alike. */
const isPlainAddress = /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*@[a-z\d-]+(?:\.[a-z\d-]+)*$/i;

// Control characters, those that change the direction of what follows them, and what looks like an encoded word.
const isMisread = /[\p{Cc}\p{Cs}\p{Cn}\u2028\u2029\u202A-\u202E\u2066-\u2069]|=[?]/u;
