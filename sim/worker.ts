// One core's share of `npm run sim`: runs the seeds that it is sent.

import { parentPort, workerData } from 'node:worker_threads';
import type { Breakable } from './breakable.ts';
import { runSeed } from './seed.ts';

const { without } = workerData as { readonly without: Breakable | null };
parentPort?.on('message', (seed: number) => {
  // A rejection ends the worker with its error, which is what the caller waits for.
  void runSeed(seed, without).then((result) => parentPort?.postMessage(result));
});
