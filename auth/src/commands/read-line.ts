const maxBytes = 16 * 1024;

/**
 * The one line of an input, without its end.
 * @throws {Error} for input that is not one line of UTF-8: what was meant can't be told then
 */
export async function readLine(input: AsyncIterable<Buffer | string>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    const buffer = Buffer.from(chunk);
    chunks.push(buffer);
    bytes += buffer.length;
    if (bytes > maxBytes) throw new Error('The standard input must be one line of at most 16 KiB');
  }
  const text = decode(Buffer.concat(chunks)).replace(/\r?\n$/, '');
  if (text === '') throw new Error('The standard input has no line');
  if (/[\r\n]/.test(text)) throw new Error('The standard input must be one line');
  return text;
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Error('The standard input must be text in UTF-8');
  }
}
