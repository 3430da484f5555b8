// What the commands need of the lab, so that a test can stand in for it. src/lab/lab.ts fits this.

import type { KernelFault } from '../lab/panic-machine/faults.ts';
import type { Step } from './steps.ts';

export interface LabName {
  readonly name: string;
}

export interface LabSummary {
  readonly url: string;
  /** Of every scheduler's API, the first one's first. */
  readonly urls: readonly string[];
  readonly hosts: number;
  readonly instances: number;
  readonly addresses: number;
  readonly tookMs: number;
  readonly contextPath: string;
}

export type PartState = 'running' | 'dead' | 'hung';

export interface LabStatus {
  readonly hosts: readonly {
    readonly name: string;
    readonly state: string;
    readonly address: string;
  }[];
  readonly instances: readonly {
    readonly name: string;
    readonly host: string | null;
    readonly addresses: readonly string[];
    readonly tier: number;
  }[];
  readonly url: string;
  readonly schedulers: readonly {
    readonly name: string;
    readonly url: string;
    readonly state: PartState;
  }[];
  readonly parts: readonly {
    readonly name: string;
    readonly state: PartState;
    readonly pid: number | null;
  }[];
}

export interface LoadResult {
  readonly sent: number;
  readonly ok: number;
  readonly failed: number;
  /** How often each error was met. */
  readonly errors: Readonly<Record<string, number>>;
  /** Null where nothing was answered. */
  readonly latencyMs: {
    readonly p50: number | null;
    readonly p99: number | null;
    readonly max: number | null;
  };
  readonly longestGapMs: number;
}

export const partitionSides = ['all', 'control', 'peers'] as const;
export type PartitionSide = (typeof partitionSides)[number];

export interface Lab {
  readonly labUp: (
    options: {
      readonly name: string;
      readonly hosts: number;
      /** Left out for what the lab has, 1 for a new one. */
      readonly schedulers?: number;
      readonly port: number;
      /** Path of the spec that is applied; null for none. */
      readonly spec: string | null;
    },
    report: (step: Step) => void,
  ) => Promise<LabSummary>;
  readonly labDown: (lab: LabName, report: (step: Step) => void) => Promise<void>;
  readonly labStatus: (lab: LabName) => Promise<LabStatus>;
  readonly labCrash: (lab: LabName, host: string, isPanic: boolean) => Promise<void>;
  readonly labPanic: (lab: LabName, host: string, fault: KernelFault) => Promise<void>;
  readonly labPartition: (lab: LabName, host: string, from: PartitionSide) => Promise<void>;
  readonly labHang: (lab: LabName, host: string) => Promise<void>;
  readonly labHeal: (lab: LabName, host: string, report: (step: Step) => void) => Promise<void>;
  /** Resolves to the command's exit code. */
  readonly labExec: (lab: LabName, node: string, command: readonly string[]) => Promise<number>;
  /** `signal` is a whole name, such as SIGKILL. */
  readonly labKill: (lab: LabName, part: string, signal: string) => Promise<void>;
  readonly labLoad: (
    lab: LabName,
    load: {
      readonly address: string;
      readonly port: number;
      readonly ratePerSecond: number;
      readonly durationMs: number;
      readonly onSecond?: (line: string) => void;
    },
  ) => Promise<LoadResult>;
}
