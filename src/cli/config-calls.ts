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
import { applyTimeoutMs } from './call.ts';
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

/** Makes these functions of the client from its ways to ask. */
export function configCalls({ ask, list }: Requests): ConfigCalls {
  return {
    configVersions: (name) => list('getInstanceVersions', { path: { name } }, configVersionHead),
    configVersion: (name, number) => {
      const version = number ?? 'newest';
      return ask('getInstanceVersion', { path: { name, version } }, configVersionView);
    },
    configDiff: (name, { rendered, ...query }) =>
      ask(
        'getInstanceDiff',
        { path: { name }, query: { rendered: `${rendered}`, ...query } },
        configDiffView,
      ),
    rollback: (name, body, key) =>
      ask('postInstanceRollback', { path: { name }, body }, applyAnswer, {
        key,
        timeoutMs: applyTimeoutMs,
      }),
    rollouts: (limit) => list('getRollouts', { query: { limit } }, rolloutView),
    pauseRollout: (id, reason) =>
      ask('postRolloutPause', { path: { id }, body: { reason } }, rolloutView),
    resumeRollout: (id) => ask('postRolloutResume', { path: { id } }, rolloutView),
    abortRollout: (id) => ask('postRolloutAbort', { path: { id } }, rolloutView),
  };
}
