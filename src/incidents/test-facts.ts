// For tests: facts of an incident, at times counted from its host's last sign of life.

import { readFileSync } from 'node:fs';
import { Cutter } from '../crash/cutter.ts';
import type { CrashReport } from '../crash/report.ts';
import type { FleetEvent } from '../domain/model.ts';
import type { Operation } from '../domain/operation.ts';
import type { FailedOver, IncidentFacts, SeenInstance } from './fold.ts';

export const startMs = 1_000_000_000;

export function facts(more: Partial<IncidentFacts> = {}): IncidentFacts {
  return {
    ...{ nowMs: startMs + 5_000, host: 'host-1', crashes: [], failover: null, operations: [] },
    ...{ events: [], instances: [], isHostReady: true },
    ...more,
  };
}

/** The reports of one host of the origin story. */
export function readReports(): readonly CrashReport[] {
  const story = new URL('../../examples/origin-story/lb-1.log', import.meta.url);
  const cutter = new Cutter();
  const lines = readFileSync(story, 'utf8').trimEnd().split('\n');
  return [...lines.flatMap((line) => cutter.push(line)), ...cutter.flush()];
}

export function operation(more: Partial<Operation>): Operation {
  return {
    ...{ id: 'o', kind: 'failover', objects: [], args: {}, who: 'scheduler', reason: '' },
    ...{ state: 'done', observed: null, steps: [], isForward: true, session: null, token: 1 },
    ...{ cancelledBy: null, parentId: null, startedMs: null, error: null },
    ...{ requestedMs: startMs, endedMs: startMs },
    ...more,
  };
}

export function failover(more: Partial<Operation> = {}): Operation {
  const reasons = 'x does not hear it\ny does not hear it';
  return operation({
    ...{ id: 'death', kind: 'failover', requestedMs: startMs + 100, endedMs: startMs + 200 },
    observed: { lastHeardMs: startMs, silencedMs: startMs + 120, reasons },
    steps: [
      {
        ...{ name: 'promote', startedMs: startMs + 150, endedMs: startMs + 190 },
        note: 'a on host-2 after 30 ms',
      },
    ],
    ...more,
  });
}

export function held(
  name: string,
  to: string | null,
  servedMs: number | null,
): FailedOver['held'][number] {
  return { id: `id-${name}`, name, to, servedMs: servedMs === null ? null : startMs + servedMs };
}

export function instance(name: string, host: string | null, isServing = true): SeenInstance {
  return { id: `id-${name}`, name, tier: 1, host, isServing: isServing && host !== null };
}

export function create(name: string, fromMs: number, toMs: number): Operation {
  return operation({
    ...{ id: `create-${name}`, kind: 'create', args: { instance: name } },
    ...{ requestedMs: startMs + fromMs, endedMs: startMs + toMs },
  });
}

export function shed(name: string, forName: string, fromMs: number, toMs: number): Operation {
  return operation({
    ...{ id: `shed-${name}`, kind: 'shed' },
    args: {
      ...{ instance: name, instanceId: `id-${name}`, role: 'active', source: 'host-2' },
      ...{ for: forName, forId: `id-${forName}`, forTier: 0 },
    },
    ...{ requestedMs: startMs + fromMs, endedMs: startMs + toMs },
  });
}

export function event(atMs: number, kind: string, message: string): FleetEvent {
  return { id: 1, atMs: startMs + atMs, kind, object: 'host/host-1', message };
}
