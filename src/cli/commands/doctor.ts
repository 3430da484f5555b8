// `bridgehead doctor`: checks of the host that it runs on.

import { randomUUID } from 'node:crypto';
import { appendFile } from 'node:fs/promises';
import { type CheckState, checkHost, type Finding } from '../../agent/doctor/checks.ts';
import { proveNetconsole } from '../../agent/doctor/proof.ts';
import { readHost } from '../../agent/doctor/readings.ts';
import { BridgeheadError } from '../../domain/errors.ts';
import { DockerEngine } from '../../system/docker-engine.ts';
import { oneLine, printable } from '../printable.ts';
import type { Session } from '../session.ts';
import type { Style } from '../terminal.ts';

const styles: Readonly<Record<CheckState, Style>> = {
  ...{ ok: 'green', warn: 'yellow', fail: 'red', unknown: 'dim' },
};
const stateWidth = 9;

export interface DoctorOptions {
  /** Where netconsole is to send; null for not given. */
  readonly scheduler: string | null;
  readonly dockerSocket: string;
  /** Whether there is a scheduler to ask for the proof. */
  readonly hasServer: boolean;
}

/** Prints what each check came to. @returns the exit code: 1 where one failed */
export async function doctor(session: Session, options: DoctorOptions): Promise<number> {
  if (process.getuid?.() !== 0) {
    throw new BridgeheadError(
      'PREREQUISITE_MISSING',
      'doctor is not running as root, so most of the host is closed to it',
      'Start it as root.',
    );
  }
  const readings = await readHost(new DockerEngine(options.dockerSocket));
  const proof = options.hasServer ? [await prove(session)] : [];
  const findings = [...checkHost(readings, options.scheduler), ...proof];
  await session.print({ findings }, () => findings.map((one) => textOf(session, one)).join('\n'));
  return findings.some(({ state }) => state === 'fail') ? 1 : 0;
}

async function prove(session: Session): Promise<Finding> {
  const api = await session.connect();
  return proveNetconsole({
    clock: session.terminal.clock,
    nonce: randomUUID(),
    say: (line) => appendFile('/dev/kmsg', line),
    search: async (text) => {
      const limit = 100;
      return (await api.logs({ query: `"${text}"`, limit })).items;
    },
  });
}

function textOf({ paint }: Session, { check, state, saw, next }: Finding): string {
  const head = `${paint(styles[state], state.padEnd(stateWidth))}${check}: ${oneLine(printable(saw))}`;
  return next === '' ? head : `${head}\n${' '.repeat(stateWidth)}${oneLine(printable(next))}`;
}
