import { request } from 'node:http';
import { apiPrefix } from './docker-engine.ts';

/** A line that a container has printed, with the time at which the Engine took it, microseconds since 1970. */
export interface ContainerLine {
  readonly atUs: number;
  readonly text: string;
}

/** What a line may have, bytes; what is behind it is left out. */
const lineBytesMax = 65_536;
const headerBytes = 8;
const stamp = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{1,9})Z ?/;

/**
 * Reads a stream of logs with time stamps as it comes (Docker Engine API, ContainerAttach, "Stream
 * format"): frames of standard output and standard error, each put together to lines.
 */
export class ContainerLines {
  readonly #onLine: (line: ContainerLine) => void;
  #rest: Buffer = Buffer.alloc(0);
  /** What has no end yet, by stream. */
  readonly #open = new Map<number, string>();

  constructor(onLine: (line: ContainerLine) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    let data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (data.length >= headerBytes) {
      const end = headerBytes + data.readUInt32BE(4);
      if (data.length < end) break;
      this.#text(data[0] ?? 1, data.toString('utf8', headerBytes, end));
      data = data.subarray(end);
    }
    this.#rest = data;
  }

  #text(stream: number, text: string): void {
    const lines = `${this.#open.get(stream) ?? ''}${text}`.split('\n');
    this.#open.set(stream, (lines.pop() ?? '').slice(0, lineBytesMax));
    for (const line of lines) {
      const [head, second = '', fraction = ''] = stamp.exec(line) ?? [];
      if (head === undefined) continue;
      const atUs = Date.parse(`${second}Z`) * 1_000 + Number(fraction.padEnd(6, '0').slice(0, 6));
      this.#onLine({ atUs, text: line.slice(head.length).trimEnd() });
    }
  }
}

/**
 * Calls `onLine` with each line that a container prints from `sinceUs` on (microseconds since 1970),
 * until the signal is aborted or the container ends. Rejects where the Engine breaks off.
 */
export async function followContainer(
  socketPath: string,
  id: string,
  sinceUs: number,
  onLine: (line: ContainerLine) => void,
  signal: AbortSignal,
): Promise<void> {
  const since = (sinceUs / 1_000_000).toFixed(6);
  const query = `stdout=true&stderr=true&timestamps=true&follow=true&since=${since}`;
  const path = `${apiPrefix}/containers/${id}/logs?${query}`;
  const call = request({ socketPath, path, headers: { host: 'docker' }, signal });
  await new Promise<void>((resolve, reject) => {
    call.once('error', reject);
    call.once('response', (response) => {
      const lines = new ContainerLines(onLine);
      if (response.statusCode === 200) response.on('data', (chunk: Buffer) => lines.push(chunk));
      else response.resume();
      response.once('error', reject);
      response.once('end', resolve);
    });
    call.end();
  });
}
