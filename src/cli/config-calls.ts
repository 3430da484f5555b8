// The part of the API client that is about versions of configurations, and rollouts of them.

import { type ApplyAnswer, applyAnswer } from '../protocol/api.ts';
import {
  type ConfigDiffView,
  type ConfigVersionHeadView,
  type ConfigVersionView,
  configDiffView,
  configVersionHead,
  configVersionView,
  type RollbackRequest,
  type RolloutView,
  rolloutView,
} from '../protocol/config-views.ts';
import { applyTimeoutMs, type Call } from './call.ts';
import type { Requests } from './requests.ts';

export interface DiffInput {
  /** Left out for the version before `to`. */
  readonly from?: number | undefined;
  /** Left out for the newest. */
  readonly to?: number | undefined;
  readonly rendered: boolean;
}

export interface ConfigCalls {
  /** The newest first. */
  readonly configVersions: (instance: string) => Promise<readonly ConfigVersionHeadView[]>;
  /** @param version left out for the newest */
  readonly configVersion: (instance: string, version?: number) => Promise<ConfigVersionView>;
  readonly configDiff: (instance: string, input: DiffInput) => Promise<ConfigDiffView>;
  readonly rollback: (
    instance: string,
    input: RollbackRequest,
    key: string,
  ) => Promise<ApplyAnswer>;
  /** The newest first. */
  readonly rollouts: (limit: number) => Promise<readonly RolloutView[]>;
  readonly pauseRollout: (id: string, reason: string) => Promise<RolloutView>;
  readonly resumeRollout: (id: string) => Promise<RolloutView>;
  readonly abortRollout: (id: string) => Promise<RolloutView>;
}

interface Calls extends Pick<Requests, 'get' | 'post' | 'list'> {
  readonly call: Call;
}

/** Makes these functions of the client from its ways to ask. */
export function configCalls({ get, post, list, call }: Calls): ConfigCalls {
  const rolloutAt = (id: string) => `/v1/rollouts/${encodeURIComponent(id)}`;
  const at = (instance: string) => `/v1/instances/${encodeURIComponent(instance)}`;
  return {
    configVersions: (instance) => list(`${at(instance)}/versions`, configVersionHead),
    configVersion: (instance, version) =>
      get(`${at(instance)}/versions/${version ?? 'newest'}`, configVersionView),
    configDiff: (instance, { from, to, rendered }) => {
      const query = new URLSearchParams({ rendered: String(rendered) });
      if (from !== undefined) query.set('from', String(from));
      if (to !== undefined) query.set('to', String(to));
      return get(`${at(instance)}/diff?${query.toString()}`, configDiffView);
    },
    rollback: (instance, body, key) => {
      const path = `${at(instance)}/rollback`;
      return call(applyAnswer, { method: 'POST', path, body, key, timeoutMs: applyTimeoutMs });
    },
    rollouts: (limit) => list(`/v1/rollouts?limit=${limit}`, rolloutView),
    pauseRollout: (id, reason) => post(`${rolloutAt(id)}/pause`, rolloutView, { reason }),
    resumeRollout: (id) => post(`${rolloutAt(id)}/resume`, rolloutView),
    abortRollout: (id) => post(`${rolloutAt(id)}/abort`, rolloutView),
  };
}
