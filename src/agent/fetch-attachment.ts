import { createHash } from 'node:crypto';
import { request } from 'node:https';
import { BridgeheadError } from '../domain/errors.ts';
import type { Identity } from './identity.ts';
import { type Endpoint, refusalOf } from './join.ts';

const timeoutMs = 20_000;
/** The most that a spec takes for one. */
const bytesMax = 4 * 1024 * 1024;

/**
 * Gets what is in an attachment from the first scheduler that gives it.
 *
 * @param sha256 of what is wanted; anything else is not taken
 * @throws BridgeheadError ATTACHMENT_MISSING
 */
export async function fetchAttachment(
  servers: readonly Endpoint[],
  identity: Identity,
  sha256: string,
): Promise<Uint8Array> {
  const reasons: string[] = [];
  for (const server of servers) {
    try {
      const bytes = await fetchFrom(server, identity, sha256);
      const found = createHash('sha256').update(bytes).digest('hex');
      if (found === sha256) return bytes;
      reasons.push(`${server.host}:${server.port} gives something else`);
    } catch (error) {
      reasons.push((error as Error).message);
    }
  }
  throw new BridgeheadError(
    'ATTACHMENT_MISSING',
    `no scheduler gives this host the attachment ${sha256.slice(0, 12)}: ${reasons.join('; ')}`,
    'Check that a scheduler runs and can be reached from this host; the agent goes on trying.',
  );
}

function fetchFrom(server: Endpoint, identity: Identity, sha256: string): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const call = request({
      ...{ ca: identity.ca, cert: identity.certificate, key: identity.key },
      ...{ host: server.host, port: server.port, path: `/attachments/${sha256}` },
      ...{ agent: false, minVersion: 'TLSv1.3', signal: AbortSignal.timeout(timeoutMs) },
    });
    call.once('error', reject);
    call.once('response', (response) => {
      const read = async () => {
        if (response.statusCode !== 200) throw await refusalOf(response);
        const chunks: Buffer[] = [];
        let bytes = 0;
        for await (const chunk of response as AsyncIterable<Buffer>) {
          bytes += chunk.length;
          if (bytes > bytesMax) throw new Error(`the attachment has over ${bytesMax} bytes`);
          chunks.push(chunk);
        }
        return Buffer.concat(chunks);
      };
      read().then(resolve, reject);
    });
    call.end();
  });
}
