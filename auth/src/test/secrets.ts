// What must never stand in a log line or in a response (S47).
const forms = {
  'a hash': /[0-9a-f]{128}/,
  'a JWT': /eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]+/,
  'a cookie': /session=\w/,
  'a key': /PRIVATE KEY/,
};

/** A password short enough to be an ordinary word can't be looked for. */
const leastTelling = 10;

/** Collects what was said and which passwords were used, and finds the one in the other. */
export class SecretScan {
  readonly #said: string[] = [];
  readonly #passwords = new Set<string>();

  said(text: string): void {
    this.#said.push(text);
  }

  used(body: unknown): void {
    if (typeof body !== 'object' || body === null || !('password' in body)) return;
    const { password } = body;
    if (typeof password === 'string' && password.length >= leastTelling) this.#passwords.add(password);
  }

  /** What was found, in words that do not repeat it. */
  leaks(): string[] {
    const all = this.#said.join('\n');
    const found = Object.entries(forms).flatMap(([what, form]) => (form.test(all) ? [what] : []));
    const escaped = [...this.#passwords].map((password) => JSON.stringify(password).slice(1, -1));
    if (escaped.some((password) => all.includes(password))) found.push('a password');
    return found;
  }
}
