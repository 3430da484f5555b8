// Work that keeps the whole machine busy: every core, and the disk.

import { type ChildProcess, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

const loopsACore = 2;
/** Writes over the same file again and again, each time until it is on the disk. */
const writer = `const { openSync, writeSync, fsyncSync } = require('node:fs');
  const [file] = process.argv.slice(1);
  const block = Buffer.alloc(1024 * 1024, 1), blocks = 64, fd = openSync(file, 'w');
  for (let count = 0; ; count += 1) {
    writeSync(fd, block, 0, block.length, (count % blocks) * block.length);
    fsyncSync(fd);
  }`;

/** Two endless loops and one endless writer for each core, until it is disposed of. */
export class MachineLoad implements Disposable {
  readonly #children: readonly ChildProcess[];

  /** @param folder where the writers have their files, 64 MiB each */
  constructor(folder: string) {
    const cores = Array.from({ length: availableParallelism() }, (_, core) => core);
    const commands = cores.flatMap((core) => [
      ...Array<readonly string[]>(loopsACore).fill(['sh', '-c', 'while :; do :; done']),
      [process.execPath, '-e', writer, join(folder, `load-${core}`)],
    ]);
    this.#children = commands.map(([command = '', ...args]) =>
      spawn(command, args, { stdio: 'ignore' }),
    );
  }

  [Symbol.dispose](): void {
    for (const child of this.#children) child.kill('SIGKILL');
  }
}
