/** What one host said within a window of time, in order. */
export interface HostWindow {
  /** The enrolled host, else what its messages call it, else the address they came from. */
  readonly host: string;
  readonly lines: readonly {
    readonly app: string;
    readonly text: string;
    readonly repeats: number;
  }[];
  /** Lines before those, which are not given. */
  readonly leftOut: number;
}

/** Windows of the hosts' logs. Each function rejects with DATABASE_UNAVAILABLE where that is so. */
export interface LogWindowStore {
  /** Of each host that said anything, those of most lines first; the newest lines of each. */
  windows(wanted: {
    readonly sinceMs: number;
    readonly untilMs: number;
    /** Comes first, and whatever the limits are. */
    readonly host: string;
    readonly hostsMax: number;
    readonly linesMax: number;
  }): Promise<readonly HostWindow[]>;
}
