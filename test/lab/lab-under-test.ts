// A lab of the test's own, driven through the command that users type.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { labPaths } from '../../src/lab/paths.ts';
import {
  type HostView,
  hostView,
  type InstanceView,
  instanceView,
} from '../../src/protocol/api.ts';
import { systemClock } from '../../src/system/clock.ts';
import { type CommandResult, commandOutput, runCommand } from '../../src/system/command.ts';

const root = resolve(import.meta.dirname, '../..');
const launcher = join(root, 'bridgehead');

/** What `lab status -o json` promises. */
export const labStatus = z.object({
  hosts: z.array(z.object({ name: z.string(), state: z.string(), address: z.string() })),
  instances: z.array(
    z.object({
      name: z.string(),
      host: z.string().nullable(),
      addresses: z.array(z.string()),
      tier: z.number(),
    }),
  ),
  url: z.string(),
});

/** The part of a load's result that the tests look at. */
export const loadResult = z.object({
  sent: z.number(),
  ok: z.number(),
  failed: z.number(),
  longestGapMs: z.number(),
});
export type LoadResult = z.infer<typeof loadResult>;

/** The example that the lab applies. */
export const exampleFile = join(root, 'examples/shop.yaml');

/** Runs the launcher as a user would. */
export function bridgehead(args: readonly string[], timeoutMs = 120_000): Promise<CommandResult> {
  return runCommand([launcher, ...args], { timeoutMs });
}

/** Tries until `attempt` passes, and fails with its last error after `limitMs`. */
export async function eventually<Result>(
  attempt: () => Promise<Result>,
  limitMs = 30_000,
): Promise<Result> {
  const endMs = systemClock.monotonicMs() + limitMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (systemClock.monotonicMs() > endMs) throw error;
      await systemClock.sleep(100);
    }
  }
}

const standing = new Set<LabUnderTest>();
const interruptedCode = 130;

// `await using` and `after` do not run where a person ends the run: the labs would stand on.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void Promise.allSettled([...standing].map((lab) => lab[Symbol.asyncDispose]())).then(() =>
      process.exit(interruptedCode),
    );
  });
}

/** One lab; disposing takes it down, whatever state it is in. */
export class LabUnderTest implements AsyncDisposable {
  readonly name: string;
  readonly port: number;
  readonly folder: string;

  private constructor(name: string, port: number, folder: string) {
    this.name = name;
    this.port = port;
    this.folder = folder;
  }

  /** A lab that has not been brought up. Its name carries our pid: two runs never share one. */
  static async named(prefix: string, port: number): Promise<LabUnderTest> {
    const folder = await mkdtemp(join(tmpdir(), 'bridgehead-lab-test-'));
    return new LabUnderTest(`${prefix}${process.pid}`, port, folder);
  }

  /** A lab that is up, with the example applied. */
  static async up(prefix: string, port: number, ...more: readonly string[]): Promise<LabUnderTest> {
    const lab = await LabUnderTest.named(prefix, port);
    const result = await lab.bringUp(...more);
    if (result.code !== 0) {
      await lab[Symbol.asyncDispose]();
      assert.fail(`lab up failed:\n${result.stdout}\n${result.stderr}`);
    }
    return lab;
  }

  bringUp(...more: readonly string[]): Promise<CommandResult> {
    standing.add(this);
    return bridgehead(
      ['lab', 'up', '--name', this.name, '--port', String(this.port), ...more],
      300_000,
    );
  }

  /** A verb of the API. */
  api(...args: readonly string[]): Promise<CommandResult> {
    return bridgehead([...args, '--lab', this.name]);
  }

  /** A verb of `lab`, its arguments last. */
  async lab(verb: string, ...args: readonly string[]): Promise<string> {
    const result = await bridgehead(['lab', verb, '--name', this.name, ...args]);
    assert.equal(result.code, 0, `lab ${verb} ${args.join(' ')}: ${result.stdout}${result.stderr}`);
    return result.stdout;
  }

  async status(): Promise<z.infer<typeof labStatus>> {
    return labStatus.parse(JSON.parse(await this.lab('status', '-o', 'json')));
  }

  async instances(): Promise<readonly InstanceView[]> {
    const result = await this.api('get', 'instances', '-o', 'json');
    assert.equal(result.code, 0, result.stderr);
    return z.array(instanceView).parse(JSON.parse(result.stdout));
  }

  async instance(name: string): Promise<InstanceView> {
    const found = (await this.instances()).find((one) => one.name === name);
    assert.ok(found !== undefined, `no instance ${name}`);
    return found;
  }

  async hosts(): Promise<readonly HostView[]> {
    const result = await this.api('get', 'hosts', '-o', 'json');
    assert.equal(result.code, 0, result.stderr);
    return z.array(hostView).parse(JSON.parse(result.stdout));
  }

  /** Waits until every instance serves with the configuration that is wanted. */
  allServing(limitMs = 30_000): Promise<void> {
    return eventually(async () => {
      for (const { name, phase, loadedHash, configHash } of await this.instances()) {
        assert.equal(phase, 'serving', `${name} is ${phase}`);
        assert.equal(loadedHash, configHash, `${name} has the old configuration`);
      }
    }, limitMs);
  }

  /** Runs a command inside a node of the lab: the client, or a host. */
  inside(node: string, ...command: readonly [string, ...string[]]): Promise<CommandResult> {
    return runCommand(['nsenter', `--net=/run/netns/bh-${this.name}-${node}`, ...command]);
  }

  /** The body that an address answers the client with. @throws Error when it does not */
  async fetch(address: string): Promise<string> {
    const host = address.includes(':') ? `[${address}]` : address;
    const script = `const { get } = require('node:http');
      get({ host: ${JSON.stringify(address)}, port: 80, path: '/', agent: false, timeout: 2000,
        headers: { host: ${JSON.stringify(host)} } }, (r) => {
        let body = ''; r.on('data', (d) => { body += d; });
        r.on('end', () => { process.stdout.write(body); process.exit(r.statusCode === 200 ? 0 : 1); });
      }).on('timeout', function () { this.destroy(new Error('time-out')); })
        .on('error', (e) => { console.error(e.message); process.exit(1); });`;
    const result = await this.inside('client', process.execPath, '-e', script);
    if (result.code !== 0) throw new Error(`${address}: ${result.stdout}${result.stderr}`);
    return result.stdout;
  }

  /** A load that runs while something else happens; a new connection for each request. */
  load(target: string, seconds: number, rate = 100): Promise<LoadResult> {
    const args = ['--rate', String(rate), '--duration', `${seconds}s`, '-o', 'json', target];
    return this.lab('load', ...args).then((text) => loadResult.parse(JSON.parse(text)));
  }

  /** Writes a spec to a file of the test's own. @returns its path */
  async write(text: string): Promise<string> {
    const file = join(this.folder, 'spec.yaml');
    await writeFile(file, text);
    return file;
  }

  /** Applies a text as a spec. */
  async apply(text: string, ...options: readonly string[]): Promise<CommandResult> {
    const file = await this.write(text);
    return this.api('apply', '-f', file, ...options);
  }

  /** The Docker Engine of a host, asked through its socket. */
  async docker(host: string, ...args: readonly string[]): Promise<string> {
    const { dockerSocket } = labPaths(this.name).host(host);
    return commandOutput(['docker', '-H', `unix://${dockerSocket}`, ...args]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const result = await bridgehead(['lab', 'down', '--name', this.name]);
    await rm(this.folder, { recursive: true, force: true });
    standing.delete(this);
    assert.equal(result.code, 0, `lab down: ${result.stdout}${result.stderr}`);
  }
}
