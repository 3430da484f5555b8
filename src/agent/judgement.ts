import type { DesiredInstance } from '../domain/desired.ts';
import { refused } from './instance-errors.ts';
import type { Machine } from './machine.ts';

/**
 * Has the image's own HAProxy judge the configuration. A container that is made anew for what it
 * ran before needs no second judgement: a mark in the instance's folder says so.
 *
 * @throws BridgeheadError IMAGE_MISSING, ENGINE_DOWN, or CONFIG_REFUSED with what was found
 */
export async function demandValid(
  machine: Machine,
  folder: string,
  { name, image, config, configHash }: DesiredInstance,
): Promise<void> {
  const path = `${folder}/judged`;
  const mark = `${image} ${configHash}\n`;
  if ((await machine.readFile(path)) === mark) return;
  const verdict = await machine.judge(image, config);
  if (!verdict.valid) throw refused(name, verdict);
  await machine.replaceFile(path, mark);
}
