import { BridgeheadError } from '../../domain/errors.ts';
import { type Exposure, soak } from '../../statistics/soak.ts';
import type { Session } from '../session.ts';
import { recordText } from '../table.ts';
import type { Given } from '../verb.ts';

const crashesMax = 1_000_000;
const hostsMax = 1_000_000;
const percent = 100;
const confidenceMin = 50;
const confidenceMax = 99.9;

/** Says how sure a quiet time makes us. @throws BridgeheadError REQUEST_INVALID */
export async function tellSoak(session: Session, given: Given): Promise<void> {
  const before = exposure(given, 'before');
  const after = exposure(given, 'after');
  const confidence = number(given, 'confidence', confidenceMin, confidenceMax) / percent;
  const hosts = given.has('hosts') ? given.whole('hosts', '--hosts', 1, hostsMax) : null;
  const result = soak(before, after, confidence);
  const needed = result.neededHostDays;
  const missingHostDays = needed === null ? null : Math.max(0, needed - after.hostDays);
  const missingDays = missingHostDays === null || hosts === null ? null : missingHostDays / hosts;
  const sure = `${confidence * percent} %`;
  await session.print(
    { before, after, confidence, ...result, missingHostDays, missingDays },
    () => {
      if (result.lack !== null) return `Not enough data: ${result.lack}.`;
      const more =
        missingHostDays === null
          ? 'more than can be watched'
          : `${days(missingHostDays)} host-days${missingDays === null ? '' : `, ${days(missingDays)} days of ${hosts} hosts`}`;
      return recordText([
        ['Before', `${before.crashes} crashes in ${days(before.hostDays)} host-days`],
        ['After', `${after.crashes} crashes in ${days(after.hostDays)} host-days`],
        ['If nothing changed', `as quiet as this in ${share(result.ifUnchanged)} of all cases`],
        ['If a tenth is left', `as quiet as this in ${share(result.ifTenfoldLess)} of all cases`],
        ['Fewer than before', result.isShown ? `yes, at ${sure}` : `not shown at ${sure}`],
        ['Still to watch', result.isShown ? 'nothing' : `${more}, without another crash`],
      ]);
    },
  );
}

function exposure(given: Given, name: 'before' | 'after'): Exposure {
  const crashes = given.whole(name, `--${name}`, 0, crashesMax);
  return { crashes, hostDays: number(given, `${name}Days`, 0, 1e9) };
}

function number(given: Given, name: string, min: number, max: number): number {
  const text = given.text(name) ?? '';
  const value = /^\d{1,12}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  const option = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  throw new BridgeheadError(
    'REQUEST_INVALID',
    `${option} ${text} is no number from ${min} to ${max}`,
    `Give ${option} such a number.`,
  );
}

function days(value: number): string {
  return value.toFixed(value < 10 ? 1 : 0);
}

function share(value: number): string {
  if (value > 0 && value < 0.000_1) return `${(value * percent).toExponential(1)} %`;
  return `${(value * percent).toFixed(value < 0.01 ? 2 : 1)} %`;
}
