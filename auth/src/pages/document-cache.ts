import { createHash } from 'node:crypto';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { escapeHtml } from '../escape-html';
import type { PasswordProfile } from '../password-shape';
import type { EncodedFile, PageFiles } from './page-files';

/** What the pages need to know of the settings: they have no other way to ask. */
export interface PageSettings {
  /** What the pages call the service. */
  productName: string;
  /** Whether the service sends mails. */
  mail: boolean;
  signupMode: 'open' | 'verify-first';
  passwordProfile: PasswordProfile;
  /** How long a closed account can be brought back; 0: not at all. */
  closedAccountSeconds: number;
}

export interface Document {
  file: EncodedFile;
  etag: string;
}

/** The pages with their settings. Each is compressed once, at its first request. */
export class DocumentCache {
  readonly #documents = new WeakMap<PageFiles, Map<string, Document>>();
  readonly #attributes: string;
  readonly #product: string;

  constructor(settings: PageSettings) {
    this.#product = escapeHtml(settings.productName);
    this.#attributes = Object.entries({
      product: settings.productName,
      mail: settings.mail ? 'on' : 'off',
      signup: settings.signupMode,
      passwords: settings.passwordProfile,
      'closed-seconds': settings.closedAccountSeconds,
    })
      .map(([name, value]) => `data-${name}="${escapeHtml(String(value))}"`)
      .join(' ');
  }

  /** @throws {Error} if the build has no such page */
  get(files: PageFiles, name: string): Document {
    const documents = this.#documents.get(files) ?? new Map<string, Document>();
    this.#documents.set(files, documents);
    const document = documents.get(name) ?? this.#complete(files, name);
    documents.set(name, document);
    return document;
  }

  #complete(files: PageFiles, name: string): Document {
    const html = files.documents.get(name);
    if (html === undefined) throw new Error(`the build of the pages has no ${name}`);
    const identity = Buffer.from(
      html.replaceAll('{{product}}', () => this.#product).replace('{{settings}}', () => this.#attributes),
    );
    const etag = createHash('sha256').update(identity).digest('base64url').slice(0, 16);
    // Half of the best quality: it is waited for, and a page is small.
    const br = brotliCompressSync(identity, { params: { [constants.BROTLI_PARAM_QUALITY]: 6 } });
    return { etag, file: { type: 'text/html; charset=utf-8', identity, br, gzip: gzipSync(identity) } };
  }
}
