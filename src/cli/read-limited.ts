/** The text of a stream in UTF-8; null where it has more than `bytesMax` bytes, the rest unread. */
export async function readLimited(
  stream: AsyncIterable<Uint8Array>,
  bytesMax: number,
): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > bytesMax) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
