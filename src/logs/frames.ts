/** Longest frame; what is beyond is passed over, so that a sender cannot fill the memory. */
export const frameBytesMax = 65_536;
const lengthDigitsMax = 6;
const space = 0x20;
const lineFeed = 0x0a;
const zero = 0x30;
const nine = 0x39;

/**
 * Cuts a TCP stream of syslog into its messages, by turns in either form (RFC 6587): octet-counted
 * (`83 <34>1 ...`), or ended by a line feed or NUL. Which one it is shows at the start of each.
 */
export class FrameCutter {
  #rest: Buffer = Buffer.alloc(0);
  /** Bytes of a frame that was too long and are still to come; Infinity: until its line feed. */
  #skip = 0;

  /** @returns the messages that are whole with it, without what framed them */
  push(chunk: Buffer): readonly Buffer[] {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const found: Buffer[] = [];
    for (;;) {
      if (this.#skip > 0) {
        const isLine = this.#skip === Infinity;
        const end = isLine ? endOfLine(bytes) : this.#skip;
        if (end === -1 || end > bytes.length) {
          if (!isLine) this.#skip -= bytes.length;
          bytes = Buffer.alloc(0);
          break;
        }
        bytes = bytes.subarray(isLine ? end + 1 : end);
        this.#skip = 0;
      }
      const counted = countedLength(bytes);
      if (counted === 'more') break;
      if (counted !== null) {
        const { from, length } = counted;
        const end = from + Math.min(length, frameBytesMax);
        if (bytes.length < end) break;
        found.push(bytes.subarray(from, end));
        bytes = bytes.subarray(end);
        this.#skip = length - (end - from);
        continue;
      }
      const end = endOfLine(bytes);
      if (end === -1 && bytes.length < frameBytesMax) break;
      const isWhole = end !== -1 && end <= frameBytesMax;
      const message = bytes.subarray(0, isWhole ? end : frameBytesMax);
      if (message.length > 0) found.push(message);
      bytes = bytes.subarray(isWhole ? end + 1 : frameBytesMax);
      if (!isWhole) this.#skip = Infinity;
    }
    this.#rest = Buffer.from(bytes);
    return found;
  }

  /** What came of a message whose stream has ended. */
  end(): readonly Buffer[] {
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    return rest.length === 0 || this.#skip > 0 ? [] : [rest];
  }
}

// A line of a log begins with `<` or a letter; a number and a space with a length.
function countedLength(
  bytes: Buffer,
): { readonly from: number; readonly length: number } | 'more' | null {
  let at = 0;
  while (at < bytes.length && at < lengthDigitsMax && isDigit(bytes[at])) at += 1;
  if (at === 0) return bytes.length === 0 ? 'more' : null;
  if (at === bytes.length) return 'more';
  if (bytes[at] !== space || bytes[0] === zero) return null;
  return { from: at + 1, length: Number(bytes.subarray(0, at).toString('latin1')) };
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= zero && byte <= nine;
}

function endOfLine(bytes: Buffer): number {
  const line = bytes.indexOf(lineFeed);
  // Only as far as the line goes: a chunk has hundreds of lines, and would be searched for each.
  const nul = (line === -1 ? bytes : bytes.subarray(0, line)).indexOf(0);
  return nul === -1 ? line : nul;
}
