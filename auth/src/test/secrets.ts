// Secrets that must never appear in a log line or a response (S47).
const patterns = {
  'a hash': /[0-9a-f]{128}/,
  'a JWT': /eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]+/,
  'a cookie': /(session|device)=\w/,
  'a key': /PRIVATE KEY/,
  'a private JWK': /"d":\s*"[\w-]{43}"/,
};

// A shorter password may be an ordinary word, which appears in responses for other reasons.
const minPasswordLength = 10;

/** Collects the service's output and the passwords that tests send, and finds secrets in the output. */
export class SecretScan {
  readonly #output: string[] = [];
  readonly #passwords = new Set<string>();

  addOutput(text: string): void {
    this.#output.push(text);
  }

  addPasswordOf(body: unknown): void {
    if (typeof body !== 'object' || body === null || !('password' in body)) return;
    const { password } = body;
    if (typeof password === 'string' && password.length >= minPasswordLength) this.#passwords.add(password);
  }

  /** The kinds of secrets that were found, without their values. */
  leaks(): string[] {
    const all = this.#output.join('\n');
    const found = Object.entries(patterns).flatMap(([kind, pattern]) => (pattern.test(all) ? [kind] : []));
    const escaped = [...this.#passwords].map((password) => JSON.stringify(password).slice(1, -1));
    if (escaped.some((password) => all.includes(password))) found.push('a password');
    return found;
  }
}
