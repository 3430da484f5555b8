import { maxLineLength } from './envelope.ts';

/**
 * Lines of a stream of bytes, in UTF-8 (what is not, becomes U+FFFD), without their line feeds. Of a
 * line that is too long its first `maxLineLength` characters are given, so that memory stays bounded.
 */
export async function* linesOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let begun = '';
  for await (const chunk of bytes) {
    const parts = (begun + decoder.decode(chunk, { stream: true })).split('\n');
    begun = (parts.pop() ?? '').slice(0, maxLineLength);
    yield* parts;
  }
  begun += decoder.decode();
  if (begun !== '') yield begun;
}
