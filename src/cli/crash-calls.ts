// The part of the API client that is about groups of crashes, boots, and lines before crashes.

import { type BootView, bootView } from '../protocol/boot-views.ts';
import {
  type CrashDecisionRequest,
  type CrashDecisionView,
  type CrashGroupDetail,
  type CrashGroupView,
  crashDecisionView,
  crashGroupDetail,
  crashGroupView,
} from '../protocol/crash-group-views.ts';
import {
  type CrashPrecursorsView,
  crashPrecursorsView,
} from '../protocol/crash-precursor-views.ts';
import type { Requests } from './requests.ts';

/** One report, or all of a group. */
export interface CrashPrecursorsInput {
  readonly report?: number;
  readonly group?: string;
  readonly windowMs: number;
}

export interface BootsInput {
  readonly host?: string | undefined;
  readonly limit: number;
}

export interface CrashCalls {
  readonly boots: (input: BootsInput) => Promise<readonly BootView[]>;
  readonly crashGroups: (limit: number) => Promise<readonly CrashGroupView[]>;
  readonly crashGroup: (id: string) => Promise<CrashGroupDetail>;
  readonly crashDecisions: (all: boolean) => Promise<readonly CrashDecisionView[]>;
  readonly decideCrashes: (request: CrashDecisionRequest) => Promise<CrashDecisionView>;
  readonly undoCrashDecision: (id: number, reason: string) => Promise<CrashDecisionView>;
  readonly crashPrecursors: (input: CrashPrecursorsInput) => Promise<CrashPrecursorsView>;
}

/** Makes these functions of the client from its ways to ask. */
export function crashCalls({ ask, list }: Requests): CrashCalls {
  return {
    boots: ({ limit, host }) => list('getBoots', { query: { limit, host } }, bootView),
    crashGroups: (limit) => list('getCrashGroups', { query: { limit } }, crashGroupView),
    crashGroup: (id) => ask('getCrashGroup', { path: { id } }, crashGroupDetail),
    crashDecisions: (all) =>
      list('getCrashDecisions', { query: { all: `${all}` } }, crashDecisionView),
    decideCrashes: (body) => ask('postCrashDecisions', { body }, crashDecisionView),
    undoCrashDecision: (id, reason) =>
      ask('postCrashDecisionUndo', { path: { id }, body: { reason } }, crashDecisionView),
    crashPrecursors: (query) => ask('getCrashPrecursors', { query }, crashPrecursorsView),
  };
}
