import type { HostName } from '../domain/ids.ts';
import type { InstanceLogFrame } from '../protocol/instance-log-frames.ts';
import type { KernelFrame } from '../protocol/kernel-frames.ts';
import type { AgentsListener } from './agents.ts';

/** Keep what agents send of logs; false where it is to be sent again. Left out, all is let go. */
export interface AgentLogs {
  readonly takeKernel?: (host: HostName, frame: KernelFrame) => Promise<boolean>;
  readonly takeInstanceLog?: (host: HostName, frame: InstanceLogFrame) => Promise<boolean>;
}

/** Their part of what is to be done with agents' words. */
export function logListener(logs: AgentLogs): Pick<AgentsListener, 'onKernel' | 'onInstanceLog'> {
  return {
    onKernel: async (host, frame) => (await logs.takeKernel?.(host, frame)) ?? true,
    onInstanceLog: async (host, frame) => (await logs.takeInstanceLog?.(host, frame)) ?? true,
  };
}
