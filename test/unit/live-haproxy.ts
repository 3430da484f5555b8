// For tests: the installed HAProxy with a frontend, a backend of two servers, a table and an ACL, which
// answers to itself.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reload } from '../../src/agent/configuration.ts';
import { askHaproxy } from '../../src/agent/haproxy-socket.ts';
import { systemClock } from '../../src/system/clock.ts';
import { runCommand } from '../../src/system/command.ts';

const upTimeoutMs = 10_000;

/** Version of the installed HAProxy; null where there is none. */
export function liveVersion(): Promise<string | null> {
  return runCommand(['haproxy', '-v']).then(
    ({ stdout }) => /version (\d+\.\d+)/.exec(stdout)?.[1] ?? null,
    () => null,
  );
}

export class LiveHaproxy {
  readonly folder: string;
  readonly #process: ChildProcess;
  readonly #port: number;

  private constructor(folder: string, process: ChildProcess, port: number) {
    this.folder = folder;
    this.#process = process;
    this.#port = port;
  }

  static async start(): Promise<LiveHaproxy> {
    const folder = await mkdtemp(join(tmpdir(), 'bridgehead-haproxy-'));
    const [port, inner] = [await freePort(), await freePort()];
    await writeFile(join(folder, 'codes.map'), '/old /new\n');
    await writeFile(join(folder, 'blocked.lst'), '/secret\n');
    await writeFile(join(folder, 'haproxy.cfg'), configOf(folder, port, inner));
    const config = ['-f', join(folder, 'haproxy.cfg')];
    const process = spawn('haproxy', ['-W', '-db', '-S', join(folder, 'master.sock'), ...config], {
      stdio: 'ignore',
    });
    const haproxy = new LiveHaproxy(folder, process, port);
    await haproxy.#answers((pid) => pid !== '');
    return haproxy;
  }

  ask(command: string): Promise<string> {
    return askHaproxy(this.folder, 'stats.sock', command);
  }

  /** @returns how many were answered with each status */
  async request(count: number): Promise<Readonly<Record<number, number>>> {
    const statuses: Record<number, number> = {};
    for (let sent = 0; sent < count; sent += 1) {
      const status = await statusOf(this.#port);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
    return statuses;
  }

  /** Returns when the new worker answers. */
  async reload(): Promise<void> {
    const before = await this.#pid();
    await reload({ run: this.folder }, systemClock);
    await this.#answers((pid) => pid !== '' && pid !== before);
  }

  /** Puts a file into its folder: what it is made of is given the text of its configuration. */
  async rewrite(file: string, change: (config: string) => string): Promise<void> {
    const text = await readFile(join(this.folder, 'haproxy.cfg'), 'utf8');
    await writeFile(join(this.folder, file), change(text));
  }

  async stop(): Promise<void> {
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    await ended;
    await rm(this.folder, { recursive: true, force: true });
  }

  async #answers(isRight: (pid: string) => boolean): Promise<void> {
    const endMs = systemClock.monotonicMs() + upTimeoutMs;
    while (!isRight(await this.#pid())) {
      assert.ok(systemClock.monotonicMs() < endMs, 'HAProxy does not come up');
      await systemClock.sleep(20);
    }
  }

  async #pid(): Promise<string> {
    const info = await this.ask('show info').catch(() => '');
    return /^Pid: (\d+)$/m.exec(info)?.[1] ?? '';
  }
}

function configOf(folder: string, port: number, inner: number): string {
  return `global
    stats socket ${folder}/stats.sock mode 600 level admin expose-fd listeners
    stats timeout 1m
    maxconn 300
defaults
    mode http
    maxconn 200
    timeout connect 2s
    timeout client 5s
    timeout server 5s
frontend web
    bind 127.0.0.1:${port}
    acl is_blocked path -m str -f ${folder}/blocked.lst
    http-request set-header x-to %[path,map(${folder}/codes.map,none)]
    http-request track-sc0 src table callers
    default_backend api
backend callers
    stick-table type ip size 1k expire 1h store http_req_cnt
backend api
    server s1 127.0.0.1:${inner} weight 10
    server s2 127.0.0.1:${inner} weight 10
frontend inner
    bind 127.0.0.1:${inner}
    http-request return status 200
`;
}

async function statusOf(port: number): Promise<number> {
  const sent = request({ host: '127.0.0.1', port, agent: false });
  sent.end();
  const [answer] = (await once(sent, 'response')) as [import('node:http').IncomingMessage];
  answer.resume();
  await once(answer, 'end');
  return answer.statusCode ?? 0;
}

/** A TCP port of 127.0.0.1 that nobody uses just now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  server.close();
  await once(server, 'close');
  return address.port;
}
