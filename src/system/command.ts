import { spawn } from 'node:child_process';

/** What a command left behind. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly input?: string | Uint8Array;
  /** Killed after this long; 10 s unless told. */
  readonly timeoutMs?: number;
  readonly env?: NodeJS.ProcessEnv;
}

const outputBytesMax = 64 * 1024 * 1024;

/**
 * Runs a command to its end, without a shell.
 *
 * @throws Error when it could not be started, ran over its time or printed over 64 MiB. A non-zero
 * exit is a result, not an error: see {@link commandOutput} for the other way.
 */
export function runCommand(
  command: readonly [string, ...string[]],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const [file, ...args] = command;
  const timeoutMs = options.timeoutMs ?? 10_000;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      ...(options.env === undefined ? {} : { env: options.env }),
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let bytes = 0;
    const collect = (into: Buffer[]) => (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > outputBytesMax) child.kill('SIGKILL');
      else into.push(chunk);
    };
    child.stdout.on('data', collect(out));
    child.stderr.on('data', collect(err));
    child.once('error', (cause) =>
      reject(new Error(`cannot run ${file}: ${cause.message}`, { cause })),
    );
    child.once('close', (code, signal) => {
      if (code === null) {
        reject(
          new Error(
            `${command.join(' ')}: ended by ${signal ?? 'a signal'} (limit ${timeoutMs} ms)`,
          ),
        );
        return;
      }
      resolve({
        code,
        stdout: Buffer.concat(out).toString('utf8'),
        stderr: Buffer.concat(err).toString('utf8'),
      });
    });
    // A command that ends without reading its input is no fault of ours.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
  });
}

/**
 * Standard output of a command that has to succeed.
 *
 * @throws Error with the command, its exit code and what it printed on standard error
 */
export async function commandOutput(
  command: readonly [string, ...string[]],
  options: CommandOptions = {},
): Promise<string> {
  const result = await runCommand(command, options);
  if (result.code === 0) return result.stdout;
  const said = result.stderr.trim() || result.stdout.trim();
  throw new Error(`${command.join(' ')}: exit ${result.code}${said === '' ? '' : `: ${said}`}`);
}
