import { setTimeout as wait } from 'node:timers/promises';

const pollMs = 25;

/** Asks `isSo` again and again. @returns false when it was not so within `limitMs` */
export async function until(limitMs: number, isSo: () => Promise<boolean>): Promise<boolean> {
  const deadlineMs = performance.now() + limitMs;
  while (!(await isSo())) {
    if (performance.now() > deadlineMs) return false;
    await wait(pollMs);
  }
  return true;
}
