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

export function crashCalls({
  get,
  post,
  list,
}: Pick<Requests, 'get' | 'post' | 'list'>): CrashCalls {
  return {
    boots: ({ host, limit }) => {
      const search = new URLSearchParams({ limit: String(limit) });
      if (host !== undefined) search.set('host', host);
      return list(`/v1/boots?${search.toString()}`, bootView);
    },
    crashGroups: (limit) => list(`/v1/crash-groups?limit=${limit}`, crashGroupView),
    crashGroup: (id) => get(`/v1/crash-groups/${encodeURIComponent(id)}`, crashGroupDetail),
    crashDecisions: (all) => list(`/v1/crash-decisions?all=${all}`, crashDecisionView),
    decideCrashes: (request) => post('/v1/crash-decisions', crashDecisionView, request),
    undoCrashDecision: (id, reason) =>
      post(`/v1/crash-decisions/${id}/undo`, crashDecisionView, { reason }),
    crashPrecursors: (wanted) => {
      const search = new URLSearchParams();
      for (const [name, value] of Object.entries(wanted)) search.set(name, String(value));
      return get(`/v1/crash-precursors?${search.toString()}`, crashPrecursorsView);
    },
  };
}
