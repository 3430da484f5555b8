// Sends HTTP requests at a constant rate whatever the answers do (an open loop: a slow server does
// not slow the asking), and sums up. One JSON object a line on stdout: progress each second, then
// the result. Ends early, with its result, when its standard input ends.
// Usage: load.ts JSON

import { Agent, request } from 'node:http';
import { type LoadSample, summarizeLoad } from '../load-summary.ts';

interface Plan {
  readonly address: string;
  readonly port: number;
  readonly path: string;
  readonly durationMs: number;
  readonly ratePerSecond: number;
  readonly connections: number;
  readonly newConnectionPerRequest: boolean;
  readonly timeoutMs: number;
}

const plan = JSON.parse(process.argv[2] ?? '') as Plan;
const agent = plan.newConnectionPerRequest
  ? false
  : new Agent({ keepAlive: true, maxSockets: plan.connections });
const total = Math.floor((plan.durationMs / 1_000) * plan.ratePerSecond);
const samples: LoadSample[] = [];
let begun = 0;
let inFlight = 0;
let good = 0;
let isStopped = false;
let reported = { ended: 0, good: 0 };

process.stdin.on('end', () => {
  isStopped = true;
});
process.stdin.resume();

const startMs = performance.now();
const ticker = setInterval(tick, 1_000);
sendDue();

function sendDue(): void {
  const elapsedMs = performance.now() - startMs;
  const due = Math.min(total, Math.floor((elapsedMs / 1_000) * plan.ratePerSecond) + 1);
  if (!isStopped) {
    for (; begun < due; begun += 1) send();
  }
  if (isStopped || begun >= total) {
    finishWhenAnswered();
    return;
  }
  const nextMs = (begun / plan.ratePerSecond) * 1_000 - (performance.now() - startMs);
  setTimeout(sendDue, Math.max(0, nextMs));
}

function send(): void {
  const sentMs = performance.now();
  if (inFlight >= plan.connections) {
    samples.push({ sentMs, endedMs: sentMs, error: `${plan.connections} connections are busy` });
    return;
  }
  inFlight += 1;
  let isOver = false;
  const end = (error: string | null) => {
    if (isOver) return;
    isOver = true;
    inFlight -= 1;
    if (error === null) good += 1;
    samples.push({ sentMs, endedMs: performance.now(), error });
  };
  const asked = request(
    {
      host: plan.address,
      port: plan.port,
      path: plan.path,
      agent,
      signal: AbortSignal.timeout(plan.timeoutMs),
    },
    (response) => {
      const status = response.statusCode ?? 0;
      response.resume();
      response.once('end', () => end(status < 400 ? null : `status ${status}`));
      response.once('error', (error) => end(kindOf(error)));
      response.once('aborted', () => end('answer cut off'));
    },
  );
  asked.once('error', (error) => end(kindOf(error)));
  asked.end();
}

function kindOf(error: NodeJS.ErrnoException): string {
  return error.name === 'AbortError' || error.name === 'TimeoutError'
    ? `no answer in ${plan.timeoutMs} ms`
    : (error.code ?? error.message);
}

function finishWhenAnswered(): void {
  if (inFlight > 0) {
    setTimeout(finishWhenAnswered, 10);
    return;
  }
  clearInterval(ticker);
  process.stdout.write(`${JSON.stringify({ result: summarizeLoad(samples) })}\n`, () =>
    process.exit(0),
  );
}

function tick(): void {
  const now = { ended: samples.length, good };
  const second = {
    atMs: Math.round(performance.now() - startMs),
    ok: now.good - reported.good,
    failed: now.ended - reported.ended - (now.good - reported.good),
    inFlight,
  };
  reported = now;
  process.stdout.write(`${JSON.stringify({ second })}\n`);
}
