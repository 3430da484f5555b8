import { runCommand } from './command.ts';

/** Long enough for a board that is asked again and again until the host is off. */
const timeoutMs = 120_000;
const linesShown = 3;

/**
 * Runs the program that powers a host off. It gets the host's name as its argument and all that is
 * known of it as JSON on its input, and exits with 0 once the host is off, and only then.
 *
 * @param host with its name, labels and facts
 * @throws Error where it cannot be started or does not end within two minutes
 */
export async function runPowerCommand(
  program: string,
  host: { readonly name: string },
): Promise<{ readonly isOff: boolean; readonly told: string }> {
  const startMs = performance.now();
  const { code, stdout, stderr } = await runCommand([program, host.name], {
    input: `${JSON.stringify(host)}\n`,
    timeoutMs,
  });
  const seconds = ((performance.now() - startMs) / 1_000).toFixed(1);
  const last = `${stdout}\n${stderr}`.trim().split('\n').slice(-linesShown).join(' | ');
  const said = last === '' ? '' : `: ${last}`;
  return { isOff: code === 0, told: `${program} exited with ${code} after ${seconds} s${said}` };
}
