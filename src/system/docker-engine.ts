import { readFile } from 'node:fs/promises';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { BridgeheadError } from '../domain/errors.ts';

// The oldest API version that has all we use; every Engine since 17.10 speaks it.
export const apiPrefix = '/v1.33';
const answerBytesMax = 16 * 1024 * 1024;

const infoAnswer = z.object({ LiveRestoreEnabled: z.boolean() });
const versionAnswer = z.object({ Version: z.string() });
const imagesAnswer = z.array(
  z.object({
    Id: z.string(),
    RepoTags: z.array(z.string()).nullable().default([]),
    Labels: z.record(z.string(), z.string()).nullable().default({}),
  }),
);
const containersAnswer = z.array(
  z.object({
    Id: z.string(),
    Names: z.array(z.string()),
    State: z.string(),
    Labels: z.record(z.string(), z.string()).nullable().default({}),
  }),
);
const inspectAnswer = z.object({
  Id: z.string(),
  State: z.object({ Running: z.boolean(), Pid: z.number(), ExitCode: z.number() }),
  Config: z.object({ Labels: z.record(z.string(), z.string()).nullable().default({}) }),
  HostConfig: z.object({ Memory: z.number(), NanoCpus: z.number() }),
});
const errorAnswer = z.object({ message: z.string() });

/** One container as a list shows it. `state` is Docker's word: `created`, `running`, `exited` … */
export interface ListedContainer {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** One container as it is now. `pid` is that of its first process, 0 while it does not run. */
export interface InspectedContainer {
  readonly id: string;
  readonly running: boolean;
  readonly pid: number;
  readonly exitCode: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly memoryMib: number;
  readonly cpus: number;
}

/** What a new container is made of, in Docker's own terms; see the Engine API's ContainerCreate. */
export interface ContainerSpec {
  readonly image: string;
  readonly command: readonly string[];
  readonly user: string;
  readonly hostname: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Host path, container path, and whether the container may write there. */
  readonly mounts: readonly {
    readonly source: string;
    readonly target: string;
    readonly writable: boolean;
  }[];
  readonly sysctls: Readonly<Record<string, string>>;
  readonly memoryMib: number;
  readonly cpus: number;
  readonly pids: number;
  readonly openFiles: number;
  readonly restart: boolean;
}

/**
 * The calls of the Docker Engine API that Bridgehead makes, over the Engine's unix socket.
 *
 * Every call throws ENGINE_DOWN when the Engine does not answer within the call's time, and a plain
 * `Error` with the Engine's own message when it answers with an error status.
 */
export class DockerEngine {
  readonly socketPath: string;

  constructor(socketPath: string) {
    this.socketPath = socketPath;
  }

  async ping(): Promise<void> {
    await this.#call('GET', '/_ping', { timeoutMs: 2_000 });
  }

  async version(): Promise<{ readonly version: string }> {
    return { version: versionAnswer.parse(await this.#json('GET', '/version')).Version };
  }

  /** Whether containers outlive a restart of the Engine. */
  async hasLiveRestore(): Promise<boolean> {
    return infoAnswer.parse(await this.#json('GET', '/info')).LiveRestoreEnabled;
  }

  async images(): Promise<
    readonly { readonly id: string; readonly tags: readonly string[]; readonly labels: Labels }[]
  > {
    const images = imagesAnswer.parse(await this.#json('GET', '/images/json'));
    return images.map((image) => ({
      id: image.Id,
      tags: image.RepoTags ?? [],
      labels: image.Labels ?? {},
    }));
  }

  /** True where the Engine holds an image of that reference. */
  async hasImage(reference: string): Promise<boolean> {
    return (await this.#maybe('GET', `/images/${encodeURI(reference)}/json`)) !== null;
  }

  /** Makes an image of a tar with a root file system. `changes` are Dockerfile lines. */
  async importImage(
    tar: Readable,
    options: { readonly repo: string; readonly tag: string; readonly changes: readonly string[] },
  ): Promise<void> {
    const query = new URLSearchParams({ fromSrc: '-', repo: options.repo, tag: options.tag });
    for (const line of options.changes) query.append('changes', line);
    const answer = await this.#call('POST', `/images/create?${query.toString()}`, {
      body: tar,
      timeoutMs: 60_000,
    });
    // The status is sent before the work is done, so that a failure is in the last line only.
    const failed = /"error":"((?:[^"\\]|\\.)*)"/.exec(answer);
    if (failed !== null) throw new Error(`image import failed: ${failed[1] ?? ''}`);
  }

  /** All containers that carry every one of the labels (`key` or `key=value`), stopped ones too. */
  async containers(labels: readonly string[]): Promise<readonly ListedContainer[]> {
    const filters = JSON.stringify({ label: labels });
    const query = new URLSearchParams({ all: 'true', filters });
    const list = containersAnswer.parse(
      await this.#json('GET', `/containers/json?${query.toString()}`),
    );
    return list.map((container) => ({
      id: container.Id,
      name: (container.Names[0] ?? '').replace(/^\//, ''),
      state: container.State,
      labels: container.Labels ?? {},
    }));
  }

  /** The container of that id or name; null where there is none. */
  async inspect(id: string): Promise<InspectedContainer | null> {
    const answer = await this.#maybe('GET', `/containers/${id}/json`);
    if (answer === null) return null;
    const { Id, State, Config, HostConfig } = inspectAnswer.parse(JSON.parse(answer));
    return {
      id: Id,
      running: State.Running,
      pid: State.Pid,
      exitCode: State.ExitCode,
      labels: Config.Labels ?? {},
      memoryMib: HostConfig.Memory / 1024 / 1024,
      cpus: HostConfig.NanoCpus / 1e9,
    };
  }

  /**
   * Makes a container without a Docker network, with no capability, a read-only root and no way to
   * new privileges; does not start it.
   *
   * @returns its id
   */
  async create(name: string, spec: ContainerSpec): Promise<string> {
    const answer = await this.#json('POST', `/containers/create?name=${encodeURIComponent(name)}`, {
      Image: spec.image,
      Entrypoint: [],
      Cmd: spec.command,
      User: spec.user,
      Hostname: spec.hostname,
      Labels: spec.labels,
      NetworkDisabled: false,
      HostConfig: {
        NetworkMode: 'none',
        Binds: spec.mounts.map(
          (mount) => `${mount.source}:${mount.target}:${mount.writable ? 'rw' : 'ro'}`,
        ),
        Sysctls: spec.sysctls,
        CapDrop: ['ALL'],
        SecurityOpt: ['no-new-privileges'],
        ReadonlyRootfs: true,
        Memory: spec.memoryMib * 1024 * 1024,
        NanoCpus: Math.round(spec.cpus * 1e9),
        PidsLimit: spec.pids,
        Ulimits: await openFileLimit(spec.openFiles),
        RestartPolicy: { Name: spec.restart ? 'always' : 'no' },
        LogConfig: { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '2' } },
      },
    });
    return z.object({ Id: z.string() }).parse(answer).Id;
  }

  async start(id: string): Promise<void> {
    await this.#call('POST', `/containers/${id}/start`, { timeoutMs: 30_000 });
  }

  /** Waits until the container has ended. @returns its exit code */
  async wait(id: string, timeoutMs: number): Promise<number> {
    const answer = await this.#call('POST', `/containers/${id}/wait`, { timeoutMs });
    return z.object({ StatusCode: z.number() }).parse(JSON.parse(answer)).StatusCode;
  }

  /** What the container printed, both streams in order, as text. */
  async logs(id: string): Promise<string> {
    const path = `/containers/${id}/logs?stdout=true&stderr=true`;
    const raw = await this.#call('GET', path, { encoding: 'latin1' });
    return demultiplex(Buffer.from(raw, 'latin1')).toString('utf8');
  }

  /** Changes the limits of a container while it runs. */
  async update(
    id: string,
    limits: { readonly memoryMib: number; readonly cpus: number },
  ): Promise<void> {
    await this.#json('POST', `/containers/${id}/update`, {
      Memory: limits.memoryMib * 1024 * 1024,
      MemorySwap: limits.memoryMib * 2 * 1024 * 1024,
      NanoCpus: Math.round(limits.cpus * 1e9),
    });
  }

  /**
   * Calls `onChange` whenever a container that carries `label` ends or goes, until the signal is
   * aborted. Ends with an error when the Engine does: call it again then.
   */
  async watch(label: string, onChange: () => void, signal: AbortSignal): Promise<void> {
    const filters = JSON.stringify({
      type: ['container'],
      event: ['die', 'destroy'],
      label: [label],
    });
    const path = `${apiPrefix}/events?${new URLSearchParams({ filters }).toString()}`;
    const call = request({
      socketPath: this.socketPath,
      path,
      headers: { host: 'docker' },
      signal,
    });
    await new Promise<never>((_, reject) => {
      call.once('error', reject);
      call.once('response', (response) => {
        // One line an event: what it says does not matter, what is there now will be looked at.
        response.on('data', onChange);
        response.once('error', reject);
        response.once('end', () => reject(new Error('the Engine ended the stream of events')));
      });
      call.end();
    });
  }

  /** Kills and removes the container; nothing happens where there is none. */
  async remove(id: string): Promise<void> {
    await this.#maybe('DELETE', `/containers/${id}?force=true`);
  }

  async #json(method: string, path: string, body?: unknown): Promise<unknown> {
    const text = await this.#call(method, path, body === undefined ? {} : { json: body });
    return text === '' ? null : JSON.parse(text);
  }

  async #maybe(method: string, path: string): Promise<string | null> {
    try {
      return await this.#call(method, path);
    } catch (error) {
      if (error instanceof EngineError && error.status === 404) return null;
      throw error;
    }
  }

  async #call(method: string, path: string, options: CallOptions = {}): Promise<string> {
    const headers: Record<string, string> = { host: 'docker' };
    if (options.json !== undefined) headers['content-type'] = 'application/json';
    if (options.body !== undefined) headers['content-type'] = 'application/x-tar';
    const call = request({
      socketPath: this.socketPath,
      method,
      path: `${apiPrefix}${path}`,
      headers,
      signal: AbortSignal.timeout(options.timeoutMs ?? 10_000),
    });
    const answered = this.#answer(call, options.encoding ?? 'utf8');
    if (options.body === undefined) {
      call.end(options.json === undefined ? undefined : JSON.stringify(options.json));
    } else {
      // A failure to send shows as a failure of the answer, which says more.
      pipeline(options.body, call).catch(() => undefined);
    }
    const { status, text } = await answered;
    if (status >= 400) throw new EngineError(status, `${method} ${path}`, messageOf(text));
    return text;
  }

  #answer(
    call: ClientRequest,
    encoding: BufferEncoding,
  ): Promise<{ readonly status: number; readonly text: string }> {
    return new Promise((resolve, reject) => {
      const fail = (cause: Error) => reject(this.#down(cause));
      call.once('error', fail);
      call.once('response', (response: IncomingMessage) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > answerBytesMax) call.destroy(new Error('answer over 16 MiB'));
          else chunks.push(chunk);
        });
        response.once('error', fail);
        response.once('end', () => {
          const text = Buffer.concat(chunks).toString(encoding);
          resolve({ status: response.statusCode ?? 0, text });
        });
      });
    });
  }

  #down(cause: Error): BridgeheadError {
    return new BridgeheadError(
      'ENGINE_DOWN',
      `the Docker Engine at ${this.socketPath} does not answer (${cause.message})`,
      'Start the Engine on this host and look at its log; Bridgehead goes on by itself when it is back.',
      { cause },
    );
  }
}

type Labels = Readonly<Record<string, string>>;

/** The Engine answered, with an error. */
export class EngineError extends Error {
  readonly status: number;

  constructor(status: number, call: string, message: string) {
    super(`Docker Engine refused ${call}: ${message} (${status})`);
    this.name = 'EngineError';
    this.status = status;
  }
}

interface CallOptions {
  readonly json?: unknown;
  readonly body?: Readable;
  readonly timeoutMs?: number;
  readonly encoding?: BufferEncoding;
}

// Only a process with CAP_SYS_RESOURCE may raise a limit, and an Engine inside a sandbox has not
// got it: there the container is given what there is, and HAProxy says when that is too little.
async function openFileLimit(wanted: number): Promise<readonly object[]> {
  const limits = await readFile('/proc/self/limits', 'utf8');
  const hard = Number(/^Max open files\s+\d+\s+(\d+)/m.exec(limits)?.[1] ?? wanted);
  const limit = Math.min(wanted, hard);
  return [{ Name: 'nofile', Soft: limit, Hard: limit }];
}

function messageOf(text: string): string {
  try {
    return errorAnswer.parse(JSON.parse(text)).message;
  } catch {
    return text.trim();
  }
}

/**
 * Takes the frame headers out of a log stream: one byte of stream number, three of padding, four of
 * big-endian length before each chunk (Docker Engine API, ContainerAttach, "Stream format").
 */
export function demultiplex(raw: Buffer): Buffer {
  const chunks: Buffer[] = [];
  let offset = 0;
  while (offset + 8 <= raw.length) {
    const length = raw.readUInt32BE(offset + 4);
    chunks.push(raw.subarray(offset + 8, offset + 8 + length));
    offset += 8 + length;
  }
  return Buffer.concat(chunks);
}
