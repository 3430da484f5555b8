// Made from the OpenAPI document by scripts/make-client.ts: do not edit.

export type ApplyAnswer = {
  readonly dryRun: boolean;
  readonly changes: readonly Change[];
  readonly warnings: readonly Finding[];
  readonly operations: readonly ({
    readonly id: string;
    readonly kind: 'create' | 'configure' | 'migrate' | 'remove' | 'drain' | 'failover' | 'shed' | 'rebalance' | 'rollout';
    readonly objects: readonly string[];
  })[];
};

export type Boot = {
  readonly host: string;
  readonly bootId: string;
  readonly startedMs: number;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  readonly ended: {
    readonly atMs: number;
    readonly by: 'crash' | 'planned' | 'unknown';
  } | null;
  readonly crashId: number | null;
  readonly groups: readonly ({
    readonly id: string;
    readonly atMs: number;
  })[];
  readonly facts: Readonly<Record<string, string>>;
};

export type Capacity = {
  readonly losses: readonly ({
    readonly kind: 'host' | 'rack' | 'zone';
    readonly name: string;
    readonly hosts: readonly string[];
    readonly instances: number;
    readonly promoted: number;
    readonly placed: number;
    readonly shed: readonly ({
      readonly name: string;
      readonly tier: number;
      readonly for: string;
    })[];
    readonly stranded: readonly ({
      readonly name: string;
      readonly tier: number;
      readonly why: string;
    })[];
  })[];
};

export type Change = {
  readonly kind: 'host' | 'instance' | 'pool';
  readonly name: string;
  readonly action: 'create' | 'update' | 'delete' | 'none';
  readonly fields: readonly ({
    readonly field: string;
    readonly before: string | null;
    readonly after: string | null;
  })[];
};

export type Crash = {
  readonly id: number;
  readonly atMs: number;
  readonly host: string;
  readonly source: string;
  readonly boot: string;
  readonly report: {
    readonly kind: string;
    readonly title: string;
    readonly function: string | null;
    readonly module: string | null;
    readonly frames: readonly ({
      readonly symbol: string;
      readonly function: string;
      readonly offset: number | null;
      readonly size: number | null;
      readonly module: string | null;
      readonly isReliable: boolean;
      readonly isInlined: boolean;
      readonly source: string | null;
    })[];
    readonly registers: Readonly<Record<string, string>>;
    readonly process: string | null;
    readonly pid: number | null;
    readonly cpu: number | null;
    readonly taint: string | null;
    readonly release: string | null;
    readonly hardware: string | null;
    readonly architecture: string | null;
    readonly uptimeSeconds: number | null;
    readonly host: string | null;
    readonly corrupted: boolean;
    readonly doubts: readonly string[];
    readonly firstInBoot: boolean;
    readonly fingerprint: {
      readonly version: number;
      readonly id: string;
      readonly parts: readonly string[];
    };
    readonly lines: readonly string[];
    readonly line: number;
  };
};

export type CrashGroup = {
  readonly id: string;
  readonly kind: string;
  readonly title: string;
  readonly reports: number;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  readonly hosts: readonly ({
    readonly name: string;
    readonly reports: number;
  })[];
  readonly boots: number;
  readonly releases: readonly ({
    readonly name: string;
    readonly reports: number;
  })[];
  readonly perDay: number;
  readonly lastPerDay: number;
  readonly because: readonly string[];
  readonly latest: Crash;
};

export type ErrorBody = {
  readonly code: 'ADDRESS_CONFLICT' | 'ADDRESS_LOCAL' | 'ADDRESS_OUTSIDE_POOL' | 'ADDRESS_TAKEN' | 'AGENT_DISCONNECTED' | 'AGENT_TIMEOUT' | 'ALREADY_THERE' | 'ATTACHMENT_MISSING' | 'AUDIT_BROKEN' | 'BUSY' | 'CANCELLED' | 'CERTIFICATE_INVALID' | 'CERTIFICATE_MISSING' | 'CONFIG_REFUSED' | 'CONFIG_SAME' | 'CROSS_SITE' | 'DATABASE_UNAVAILABLE' | 'ENGINE_DOWN' | 'EPOCH_STALE' | 'FORBIDDEN' | 'HOST_ALIVE' | 'HOST_CORDONED' | 'HOST_NOT_READY' | 'IDEMPOTENCY_MISMATCH' | 'IMAGE_MISSING' | 'IN_USE' | 'INCIDENT_FULL' | 'INCIDENT_RESOLVED' | 'INTERNAL' | 'INVITATION_REFUSED' | 'JOIN_REFUSED' | 'LAB_FAILED' | 'LIVE_REFUSED' | 'LOCK_LOST' | 'LOGIN_REFUSED' | 'NO_CAPACITY' | 'NO_PLACE' | 'NOT_CANCELLABLE' | 'NOT_FOUND' | 'OIDC_REFUSED' | 'OIDC_UNREACHABLE' | 'OPERATION_FAILED' | 'OWNER_MISMATCH' | 'PASSWORD_WEAK' | 'POOL_EXHAUSTED' | 'PRECONDITION_FAILED' | 'PREREQUISITE_MISSING' | 'REQUEST_INVALID' | 'REQUEST_TOO_LARGE' | 'ROLLOUT_ENDED' | 'ROLLOUT_STOPPED' | 'SECRETS_LOCKED' | 'SERVER_UNREACHABLE' | 'SOURCE_MISMATCH' | 'SPEC_INVALID' | 'TOO_MANY_ATTEMPTS' | 'UNAUTHORIZED' | 'VALIDATION_UNAVAILABLE' | 'WATCH_FULL';
  readonly message: string;
  readonly next: string;
  readonly findings?: readonly Finding[];
};

export type Event = {
  readonly id: number;
  readonly atMs: number;
  readonly kind: string;
  readonly object: string;
  readonly message: string;
};

export type Explanation = {
  readonly instance: string;
  readonly host: string | null;
  readonly choice: string | null;
  readonly shed: {
    readonly host: string;
    readonly instance: string;
    readonly tier: number;
    readonly sinceMs: number;
  } | null;
  readonly candidates: readonly ({
    readonly host: string;
    readonly fits: boolean;
    readonly refusals: readonly string[];
    readonly score: number;
    readonly parts: readonly ({
      readonly name: string;
      readonly value: number;
      readonly why: string;
    })[];
  })[];
};

export type Failover = {
  readonly disarmed: string | null;
  readonly hosts: readonly ({
    readonly name: string;
    readonly state: 'joining' | 'ready' | 'suspect' | 'dead';
    readonly verdict: {
      readonly state: 'alive' | 'suspect' | 'silenced' | 'unwitnessed';
      readonly reasons: readonly string[];
    };
  })[];
};

export type Finding = {
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly object?: string;
};

export type Host = {
  readonly name: string;
  readonly state: 'joining' | 'ready' | 'suspect' | 'dead';
  readonly zone: string;
  readonly rack: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly cordonReason: string | null;
  readonly capacity: {
    readonly instances: number;
    readonly memoryMib: number;
    readonly cpus: number;
  } | null;
  readonly facts: {
    readonly agentVersion: string;
    readonly kernel: string;
    readonly docker: string;
    readonly cpus: number;
    readonly memoryMib: number;
    readonly bootId: string;
    readonly uptimeS: number;
    readonly nics: readonly ({
      readonly name: string;
      readonly driver: string;
    })[];
    readonly bridges: readonly ({
      readonly name: string;
      readonly addresses: readonly string[];
      readonly vlanAware: boolean;
    })[];
    readonly images: readonly ({
      readonly reference: string;
      readonly haproxy: string;
    })[];
    readonly gateways: readonly ({
      readonly bridge: string;
      readonly address: string;
      readonly answers: boolean;
    })[];
  } | null;
  readonly lastSeenMs: number | null;
  readonly instances: readonly ({
    readonly name: string;
    readonly role: 'active' | 'standby';
  })[];
  readonly verdict: {
    readonly state: 'alive' | 'suspect' | 'silenced' | 'unwitnessed';
    readonly reasons: readonly string[];
  };
};

export type Incident = {
  readonly id: number;
  readonly host: string;
  readonly state: 'open' | 'recovered' | 'resolved';
  readonly isFollowed: boolean;
  readonly openedMs: number;
  readonly failoverId: string | null;
  readonly resolved: {
    readonly atMs: number;
    readonly who: string;
    readonly text: string;
  } | null;
  readonly notes: readonly ({
    readonly atMs: number;
    readonly who: string;
    readonly text: string;
  })[];
  readonly story: {
    readonly firstMs: number;
    readonly facts: {
      readonly kernel: string;
      readonly docker: string;
      readonly agent: string;
      readonly bootId: string;
      readonly uptimeS: number;
      readonly cpus: number;
      readonly memoryMib: number;
      readonly nics: readonly string[];
      readonly zone: string;
      readonly rack: string;
      readonly labels: Readonly<Record<string, string>>;
    } | null;
    readonly reports: readonly ({
      readonly id: number;
      readonly firstMs: number;
      readonly atMs: number;
      readonly kind: string;
      readonly title: string;
      readonly head: string;
      readonly release: string | null;
      readonly fingerprint: string;
    })[];
    readonly lastWords: string | null;
    readonly verdict: {
      readonly operationId: string;
      readonly atMs: number;
      readonly lastHeardMs: number | null;
      readonly silencedMs: number | null;
      readonly reasons: readonly string[];
    } | null;
    readonly moves: readonly ({
      readonly id: string;
      readonly instance: string;
      readonly tier: 0 | 1 | 2 | 3 | null;
      readonly how: 'standby' | 'placed' | 'stays';
      readonly to: string | null;
      readonly servedMs: number | null;
      readonly isGone: boolean;
    })[];
    readonly sheds: readonly ({
      readonly operationId: string;
      readonly id: string;
      readonly instance: string;
      readonly tier: 0 | 1 | 2 | 3 | null;
      readonly role: 'active' | 'standby';
      readonly from: string;
      readonly forInstance: string;
      readonly forTier: 0 | 1 | 2 | 3;
      readonly state: string;
      readonly atMs: number;
      readonly to: string | null;
      readonly servedMs: number | null;
    })[];
    readonly returnedMs: number | null;
    readonly servedMs: number | null;
    readonly timeLine: readonly ({
      readonly atMs: number;
      readonly from: 'kernel' | 'witnesses' | 'scheduler' | 'operation' | 'service' | 'host';
      readonly text: string;
    })[];
  };
  readonly readings: readonly ({
    readonly crashId: number;
    readonly known: readonly ({
      readonly id: string;
      readonly title: string;
      readonly kind: 'bug' | 'symptom' | 'noise';
      readonly certainty: 'likely' | 'possible';
      readonly because: readonly string[];
      readonly verdict: {
        readonly affected: 'yes' | 'likely' | 'no' | 'unknown';
        readonly why: string;
        readonly fixedOnBranch: string | null;
        readonly neverOnBranch: boolean;
        readonly fixedInMainline: string | null;
        readonly upgrade: string | null;
      };
      readonly conditions: readonly ({
        readonly says: string;
        readonly holds: boolean | null;
      })[];
      readonly advice: string;
      readonly sources: readonly string[];
    })[];
    readonly queries: readonly string[];
    readonly lines: readonly string[];
  })[];
  readonly earlier: readonly IncidentItem[];
  readonly together: readonly IncidentItem[];
};

export type IncidentItem = {
  readonly id: number;
  readonly host: string;
  readonly state: 'open' | 'recovered' | 'resolved';
  readonly firstMs: number;
  readonly servedMs: number | null;
  readonly isDead: boolean;
  readonly instances: number;
  readonly sheds: number;
  readonly title: string | null;
  readonly release: string | null;
  readonly fingerprint: string | null;
};

export type Instance = {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly service: string;
  readonly tier: number;
  readonly contact: string;
  readonly notes: string;
  readonly image: string;
  readonly resources: {
    readonly memoryMib: number;
    readonly cpus: number;
    readonly maxConnections: number;
  };
  readonly addresses: readonly ({
    readonly address: string;
    readonly pool: string;
  })[];
  readonly mac: string;
  readonly config: string;
  readonly attachments: readonly ({
    readonly name: string;
    readonly sha256: string;
    readonly sizeBytes: number;
    readonly path: string | null;
  })[];
  readonly configHash: string;
  readonly loadedHash: string | null;
  readonly oldWorkers: {
    readonly count: number;
    readonly sinceMs: number;
  } | null;
  readonly host: string | null;
  readonly epoch: number | null;
  readonly standbys: readonly string[];
  readonly phase: 'pending' | 'shed' | 'silent' | 'preparing' | 'standby' | 'serving' | 'failed';
  readonly shed: {
    readonly host: string;
    readonly instance: string;
    readonly tier: number;
    readonly sinceMs: number;
  } | null;
  readonly problem: {
    readonly code: string;
    readonly message: string;
  } | null;
  readonly kept: readonly string[];
  readonly operation: string | null;
};

export type LogMessage = {
  readonly id: number;
  readonly receivedMs: number;
  readonly saidMs: number | null;
  readonly host: string;
  readonly source: string;
  readonly hostname: string;
  readonly app: string;
  readonly pid: string;
  readonly facility: number | null;
  readonly severity: number | null;
  readonly form: 'rfc5424' | 'rfc3164' | 'kernel' | 'raw';
  readonly repeats: number;
  readonly text: string;
  readonly boot: string;
  readonly sequence: number | null;
  readonly instance: string;
};

export type Numbers = {
  readonly instance: string;
  readonly host: string | null;
  readonly omitted: number;
  readonly stepMs: number;
  readonly points: readonly ({
    readonly atMs: number;
    readonly spanMs: number;
    readonly rows: readonly ({
      readonly kind: 'process' | 'frontend' | 'backend' | 'server';
      readonly proxy: string;
      readonly server: string;
      readonly status: string;
      readonly perSecond: Readonly<Record<string, number>>;
      readonly levels: Readonly<Record<string, number>>;
    })[];
  })[];
};

export type Operation = {
  readonly id: string;
  readonly kind: 'create' | 'configure' | 'migrate' | 'remove' | 'drain' | 'failover' | 'shed' | 'rebalance' | 'rollout';
  readonly title: string;
  readonly objects: readonly string[];
  readonly args: Readonly<Record<string, string | number | boolean | null>>;
  readonly who: string;
  readonly reason: string;
  readonly state: 'queued' | 'running' | 'done' | 'undone' | 'failed' | 'refused' | 'cancelled';
  readonly observed: Readonly<Record<string, string | number | boolean | null>> | null;
  readonly steps: readonly ({
    readonly name: string;
    readonly startedMs: number;
    readonly endedMs: number | null;
    readonly note: string;
  })[];
  readonly isForward: boolean;
  readonly holder: string | null;
  readonly token: number;
  readonly cancelledBy: string | null;
  readonly parentId: string | null;
  readonly requestedMs: number;
  readonly startedMs: number | null;
  readonly endedMs: number | null;
  readonly error: ErrorBody | null;
};

export type Pool = {
  readonly name: string;
  readonly cidr: string;
  readonly range: {
    readonly from: string;
    readonly to: string;
  } | null;
  readonly prefix: number;
  readonly gateway: string | null;
  readonly bridge: string;
  readonly vlan: number | null;
  readonly used: readonly ({
    readonly address: string;
    readonly instance: string;
  })[];
};

export type Problem = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: 'ADDRESS_CONFLICT' | 'ADDRESS_LOCAL' | 'ADDRESS_OUTSIDE_POOL' | 'ADDRESS_TAKEN' | 'AGENT_DISCONNECTED' | 'AGENT_TIMEOUT' | 'ALREADY_THERE' | 'ATTACHMENT_MISSING' | 'AUDIT_BROKEN' | 'BUSY' | 'CANCELLED' | 'CERTIFICATE_INVALID' | 'CERTIFICATE_MISSING' | 'CONFIG_REFUSED' | 'CONFIG_SAME' | 'CROSS_SITE' | 'DATABASE_UNAVAILABLE' | 'ENGINE_DOWN' | 'EPOCH_STALE' | 'FORBIDDEN' | 'HOST_ALIVE' | 'HOST_CORDONED' | 'HOST_NOT_READY' | 'IDEMPOTENCY_MISMATCH' | 'IMAGE_MISSING' | 'IN_USE' | 'INCIDENT_FULL' | 'INCIDENT_RESOLVED' | 'INTERNAL' | 'INVITATION_REFUSED' | 'JOIN_REFUSED' | 'LAB_FAILED' | 'LIVE_REFUSED' | 'LOCK_LOST' | 'LOGIN_REFUSED' | 'NO_CAPACITY' | 'NO_PLACE' | 'NOT_CANCELLABLE' | 'NOT_FOUND' | 'OIDC_REFUSED' | 'OIDC_UNREACHABLE' | 'OPERATION_FAILED' | 'OWNER_MISMATCH' | 'PASSWORD_WEAK' | 'POOL_EXHAUSTED' | 'PRECONDITION_FAILED' | 'PREREQUISITE_MISSING' | 'REQUEST_INVALID' | 'REQUEST_TOO_LARGE' | 'ROLLOUT_ENDED' | 'ROLLOUT_STOPPED' | 'SECRETS_LOCKED' | 'SERVER_UNREACHABLE' | 'SOURCE_MISMATCH' | 'SPEC_INVALID' | 'TOO_MANY_ATTEMPTS' | 'UNAUTHORIZED' | 'VALIDATION_UNAVAILABLE' | 'WATCH_FULL';
  readonly next: string;
  readonly findings?: readonly Finding[];
  readonly error: ErrorBody;
};

export type Status = {
  readonly version: string;
  readonly uptimeS: number;
  readonly store: 'embedded' | 'external';
  readonly scheduler: string;
  readonly schedulers: readonly string[];
  readonly hosts: {
    readonly ready: number;
    readonly heard: number;
    readonly total: number;
  };
  readonly instances: {
    readonly serving: number;
    readonly total: number;
  };
  readonly reconcilers: readonly ({
    readonly name: string;
    readonly lastRunMs: number | null;
    readonly tookMs: number | null;
    readonly result: string;
    readonly error: string | null;
  })[];
};

export type WatchBeat = {
  readonly atMs: number;
  readonly seenMs: number;
};

export type WatchDelete = {
  readonly kind: 'host' | 'pool' | 'instance' | 'operation' | 'incident' | 'event';
  readonly name: string;
};

export type WatchedInstance = {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly service: string;
  readonly tier: number;
  readonly contact: string;
  readonly notes: string;
  readonly image: string;
  readonly resources: {
    readonly memoryMib: number;
    readonly cpus: number;
    readonly maxConnections: number;
  };
  readonly addresses: readonly ({
    readonly address: string;
    readonly pool: string;
  })[];
  readonly mac: string;
  readonly attachments: readonly ({
    readonly name: string;
    readonly sha256: string;
    readonly sizeBytes: number;
    readonly path: string | null;
  })[];
  readonly configHash: string;
  readonly loadedHash: string | null;
  readonly oldWorkers: {
    readonly count: number;
    readonly sinceMs: number;
  } | null;
  readonly host: string | null;
  readonly epoch: number | null;
  readonly standbys: readonly string[];
  readonly phase: 'pending' | 'shed' | 'silent' | 'preparing' | 'standby' | 'serving' | 'failed';
  readonly shed: {
    readonly host: string;
    readonly instance: string;
    readonly tier: number;
    readonly sinceMs: number;
  } | null;
  readonly problem: {
    readonly code: string;
    readonly message: string;
  } | null;
  readonly kept: readonly string[];
  readonly operation: string | null;
};

export type WatchPut = {
  readonly kind: 'host';
  readonly name: string;
  readonly object: Host;
} | {
  readonly kind: 'pool';
  readonly name: string;
  readonly object: Pool;
} | {
  readonly kind: 'instance';
  readonly name: string;
  readonly object: WatchedInstance;
} | {
  readonly kind: 'operation';
  readonly name: string;
  readonly object: Operation;
} | {
  readonly kind: 'incident';
  readonly name: string;
  readonly object: IncidentItem;
} | {
  readonly kind: 'event';
  readonly name: string;
  readonly object: Event;
};

/** What each operation takes and answers. */
export interface Operations {
  /** POST /v1/session: Log in by password, or by an invitation that sets one: a cookie, or a bearer token */
  readonly postSession: {
    readonly body: {
      readonly user?: string;
      readonly password: string;
      readonly invitation?: string;
      readonly bearer?: boolean;
    };
    readonly answer: {
      readonly name: string;
      readonly user: string | null;
      readonly role: 'viewer' | 'operator' | 'admin';
      readonly owners: readonly string[] | null;
      readonly via: 'file' | 'token' | 'login';
      readonly csrf: string | null;
      readonly expiresMs: number | null;
      readonly token: string | null;
    };
  };
  /** GET /v1/session: Who the caller is, and what they may */
  readonly getSession: {
    readonly answer: {
      readonly name: string;
      readonly user: string | null;
      readonly role: 'viewer' | 'operator' | 'admin';
      readonly owners: readonly string[] | null;
      readonly via: 'file' | 'token' | 'login';
      readonly csrf: string | null;
      readonly expiresMs: number | null;
    };
  };
  /** POST /v1/session/end: Log out */
  readonly postSessionEnd: {
    readonly answer: {
      readonly text: string;
    };
  };
  /** POST /v1/session/password: Change one's own password; ends all one's logins */
  readonly postSessionPassword: {
    readonly body: {
      readonly old: string;
      readonly password: string;
    };
    readonly answer: {
      readonly text: string;
    };
  };
  /** GET /v1/session/provider: The identity provider by which people come in beside passwords; null for none */
  readonly getSessionProvider: {
    readonly answer: {
      readonly provider: {
        readonly name: string;
      } | null;
    };
  };
  /** GET /v1/users: Users, by name */
  readonly getUsers: {
    readonly query?: {
      readonly cursor?: string;
      readonly limit?: number;
    };
    readonly answer: {
      readonly items: readonly ({
        readonly name: string;
        readonly role: 'viewer' | 'operator' | 'admin';
        readonly owners: readonly string[] | null;
        readonly isDisabled: boolean;
        readonly isInvited: boolean;
        readonly subject: string | null;
        readonly createdMs: number;
        readonly createdBy: string;
      })[];
      readonly next: string | null;
    };
  };
  /** POST /v1/users: Add a user; the answer is an invitation by which they choose a password */
  readonly postUsers: {
    readonly body: {
      readonly name: string;
      readonly role: 'viewer' | 'operator' | 'admin';
      readonly owners?: readonly string[] | null;
    };
    readonly answer: {
      readonly name: string;
      readonly invitation: string;
      readonly expiresMs: number;
    };
  };
  /** POST /v1/users/{name}: Change what a user may, or disable them; ends their logins */
  readonly postUser: {
    readonly path: {
      readonly name: string;
    };
    readonly body: {
      readonly role?: 'viewer' | 'operator' | 'admin';
      readonly owners?: readonly string[] | null;
      readonly isDisabled?: boolean;
    };
    readonly answer: {
      readonly name: string;
      readonly role: 'viewer' | 'operator' | 'admin';
      readonly owners: readonly string[] | null;
      readonly isDisabled: boolean;
      readonly isInvited: boolean;
      readonly subject: string | null;
      readonly createdMs: number;
      readonly createdBy: string;
    };
  };
  /** POST /v1/users/{name}/invite: A new invitation for a user, by which they choose a new password */
  readonly postUserInvite: {
    readonly path: {
      readonly name: string;
    };
    readonly answer: {
      readonly name: string;
      readonly invitation: string;
      readonly expiresMs: number;
    };
  };
  /** POST /v1/users/{name}/remove: Remove a user with their tokens */
  readonly postUserRemove: {
    readonly path: {
      readonly name: string;
    };
    readonly answer: {
      readonly text: string;
    };
  };
  /** GET /v1/tokens: The caller's tokens of the API; an administrator's answer has all */
  readonly getTokens: {
    readonly query?: {
      readonly cursor?: string;
      readonly limit?: number;
    };
    readonly answer: {
      readonly items: readonly ({
        readonly name: string;
        readonly role: 'viewer' | 'operator' | 'admin';
        readonly owners: readonly string[] | null;
        readonly user: string | null;
        readonly createdMs: number;
        readonly createdBy: string;
        readonly expiresMs: number;
        readonly usedMs: number | null;
      })[];
      readonly next: string | null;
    };
  };
  /** POST /v1/tokens: Make a token of the API, which may do no more than who makes it; shown once */
  readonly postTokens: {
    readonly body: {
      readonly name: string;
      readonly role: 'viewer' | 'operator' | 'admin';
      readonly owners?: readonly string[] | null;
      readonly lifeS: number;
    };
    readonly answer: {
      readonly name: string;
      readonly role: 'viewer' | 'operator' | 'admin';
      readonly owners: readonly string[] | null;
      readonly user: string | null;
      readonly createdMs: number;
      readonly createdBy: string;
      readonly expiresMs: number;
      readonly usedMs: number | null;
      readonly token: string;
    };
  };
  /** POST /v1/tokens/{name}/revoke: From then on the token is no good */
  readonly postTokenRevoke: {
    readonly path: {
      readonly name: string;
    };
    readonly answer: {
      readonly text: string;
    };
  };
  /** GET /v1/audit: Every change and every refusal: the newest, or those that follow an id */
  readonly getAudit: {
    readonly query?: {
      readonly after?: number;
      readonly cursor?: string;
      readonly limit?: number;
    };
    readonly answer: {
      readonly items: readonly ({
        readonly id: number;
        readonly atMs: number;
        readonly entry: {
          readonly result: 'asked' | 'done' | 'failed' | 'refused';
          readonly of: number | null;
          readonly who: string;
          readonly via: string;
          readonly credential: string | null;
          readonly address: string;
          readonly route: string;
          readonly object: string | null;
          readonly status: number | null;
          readonly code: string | null;
          readonly details: Readonly<Record<string, string>>;
        };
        readonly previous: string;
        readonly hash: string;
      })[];
      readonly next: string | null;
    };
  };
  /** POST /v1/apply: Apply a spec as a whole, or show what it would change */
  readonly postApply: {
    readonly header?: {
      readonly 'idempotency-key'?: string;
    };
    readonly body: {
      readonly source?: string;
      readonly text: string;
      readonly dryRun?: boolean;
      readonly prune?: boolean;
      readonly takeOver?: boolean;
      readonly rollout?: boolean;
      readonly reason?: string;
      readonly files?: Readonly<Record<string, string>>;
    };
    readonly answer: ApplyAnswer;
  };
  /** GET /v1/instances/{name}/versions: The versions of an instance's configuration, the newest first */
  readonly getInstanceVersions: {
    readonly path: {
      readonly name: string;
    };
    readonly query?: {
      readonly cursor?: string;
      readonly limit?: number;
    };
    readonly answer: {
      readonly items: readonly ({
        readonly version: number;
        readonly atMs: number;
        readonly who: string;
        readonly reason: string;
        readonly hash: string;
      })[];
      readonly next: string | null;
    };
  };
  /** GET /v1/instances/{name}/versions/{version}: One version of an instance's configuration */
  readonly getInstanceVersion: {
    readonly path: {
      readonly name: string;
      readonly version: 'newest' | number;
    };
    readonly answer: {
      readonly version: number;
      readonly atMs: number;
      readonly who: string;
      readonly reason: string;
      readonly hash: string;
      readonly image: string;
      readonly config: string;
      readonly rendered: string;
    };
  };
  /** GET /v1/instances/{name}/diff: What differs between two versions of an instance's configuration */
  readonly getInstanceDiff: {
    readonly path: {
      readonly name: string;
    };
    readonly query?: {
      readonly from?: number;
      readonly to?: number;
      readonly rendered?: string;
    };
    readonly answer: {
      readonly from: {
        readonly version: number;
        readonly atMs: number;
        readonly who: string;
        readonly reason: string;
        readonly hash: string;
      };
      readonly to: {
        readonly version: number;
        readonly atMs: number;
        readonly who: string;
        readonly reason: string;
        readonly hash: string;
      };
      readonly images: {
        readonly from: string;
        readonly to: string;
      };
      readonly diff: string;
    };
  };
  /** POST /v1/instances/{name}/rollback: Give an instance a configuration again that it had, as a new version */
  readonly postInstanceRollback: {
    readonly path: {
      readonly name: string;
    };
    readonly header?: {
      readonly 'idempotency-key'?: string;
    };
    readonly body: {
      readonly to?: number;
      readonly reason?: string;
    };
    readonly answer: ApplyAnswer;
  };
  /** GET /v1/rollouts: Rollouts, the newest first */
  readonly getRollouts: {
    readonly query?: {
      readonly cursor?: string;
      readonly limit?: number;
    };
    readonly answer: {
      readonly items: readonly ({
        readonly id: string;
        readonly owner: string;
        readonly service: string;
        readonly settings: {
          readonly canaries: number;
          readonly batchSize: number;
          readonly watchS: number;
          readonly errorPercent: number;
        };
        readonly state: 'queued' | 'running' | 'done' | 'undone' | 'failed' | 'refused' | 'cancelled';
        readonly who: string;
        readonly reason: string;
        readonly requestedMs: number;
        readonly endedMs: number | null;
        readonly breach: string | null;
        readonly pause: {
          readonly who: string;
          readonly reason: string;
          readonly atMs: number;
        } | null;
        readonly targets: readonly ({
          readonly name: string;
          readonly batch: number;
          readonly phase: 'waiting' | 'loading' | 'changed' | 'back' | 'left';
          readonly fromVersion: number;
          readonly toVersion: number | null;
          readonly leftBecause: string | null;
        })[];
      })[];
      readonly next: string | null;
    };
  };
  /** GET /v1/rollouts/{id}: One rollout, instance by instance */
  readonly getRollout: {
    readonly path: {
      readonly id: string;
    };
    readonly answer: {
      readonly id: string;
      readonly owner: string;
      readonly service: string;
      readonly settings: {
        readonly canaries: number;
        readonly batchSize: number;
        readonly watchS: number;
        readonly errorPercent: number;
      };
      readonly state: 'queued' | 'running' | 'done' | 'undone' | 'failed' | 'refused' | 'cancelled';
      readonly who: string;
      readonly reason: string;
      readonly requestedMs: number;
      readonly endedMs: number | null;
      readonly breach: string | null;
      readonly pause: {
        readonly who: string;
        readonly reason: string;
        readonly atMs: number;
      } | null;
      readonly targets: readonly ({
        readonly name: string;
        readonly batch: number;
        readonly phase: 'waiting' | 'loading' | 'changed' | 'back' | 'left';
        readonly fromVersion: number;
        readonly toVersion: number | null;
        readonly leftBecause: string | null;
      })[];
    };
  };
  /** POST /v1/rollouts/{id}/pause: Have a rollout begin no further batch */
  readonly postRolloutPause: {
    readonly path: {
      readonly id: string;
    };
    readonly body: {
      readonly reason?: string;
    };
    readonly answer: {
      readonly id: string;
      readonly owner: string;
      readonly service: string;
      readonly settings: {
        readonly canaries: number;
        readonly batchSize: number;
        readonly watchS: number;
        readonly errorPercent: number;
      };
      readonly state: 'queued' | 'running' | 'done' | 'undone' | 'failed' | 'refused' | 'cancelled';
      readonly who: string;
      readonly reason: string;
      readonly requestedMs: number;
      readonly endedMs: number | null;
      readonly breach: string | null;
      readonly pause: {
        readonly who: string;
        readonly reason: string;
        readonly atMs: number;
      } | null;
      readonly targets: readonly ({
        readonly name: string;
        readonly batch: number;
        readonly phase: 'waiting' | 'loading' | 'changed' | 'back' | 'left';
        readonly fromVersion: number;
        readonly toVersion: number | null;
        readonly leftBecause: string | null;
      })[];
    };
  };
  /** POST /v1/rollouts/{id}/resume: Have a rollout go on */
  readonly postRolloutResume: {
    readonly path: {
      readonly id: string;
    };
    readonly answer: {
      readonly id: string;
      readonly owner: string;
      readonly service: string;
      readonly settings: {
        readonly canaries: number;
        readonly batchSize: number;
        readonly watchS: number;
        readonly errorPercent: number;
      };
      readonly state: 'queued' | 'running' | 'done' | 'undone' | 'failed' | 'refused' | 'cancelled';
      readonly who: string;
      readonly reason: string;
      readonly requestedMs: number;
      readonly endedMs: number | null;
      readonly breach: string | null;
      readonly pause: {
        readonly who: string;
        readonly reason: string;
        readonly atMs: number;
      } | null;
      readonly targets: readonly ({
        readonly name: string;
        readonly batch: number;
        readonly phase: 'waiting' | 'loading' | 'changed' | 'back' | 'left';
        readonly fromVersion: number;
        readonly toVersion: number | null;
        readonly leftBecause: string | null;
      })[];
    };
  };
  /** POST /v1/rollouts/{id}/abort: End a rollout, and have what it changed go back */
  readonly postRolloutAbort: {
    readonly path: {
      readonly id: string;
    };
    readonly answer: {
      readonly id: string;
      readonly owner: string;
      readonly service: string;
      readonly settings: {
        readonly canaries: number;
        readonly batchSize: number;
        readonly watchS: number;
        readonly errorPercent: number;
      };
      readonly state: 'queued' | 'running' | 'done' | 'undone' | 'failed' | 'refused' | 'cancelled';
      readonly who: string;
      readonly reason: string;
      readonly requestedMs: number;
      readonly endedMs: number | null;
      readonly breach: string | null;
      readonly pause: {
        readonly who: string;
        readonly reason: string;
        readonly atMs: number;
      } | null;
      readonly targets: readonly ({
        readonly name: string;
        readonly batch: number;
        readonly phase: 'waiting' | 'loading' | 'changed' | 'back' | 'left';
        readonly fromVersion: number;
        readonly toVersion: number | null;
        readonly leftBecause: string | null;
      })[];
    };
  };
  /** GET /v1/pools: Pools by name, with the addresses that instances hold */
  readonly getPools: {
    readonly query?: {
      readonly cursor?: string;
      readonly limit?: number;
    };
    readonly answer: {
      readonly items: readonly Pool[];
      readonly next: string | null;
    };
  };
  /** GET /v1/pools/{name}: One pool */
  readonly getPool: {
    readonly path: {
      readonly name: string;
    };
    readonly answer: Pool;
  };
  /** GET /v1/instances: Instances, by name */
  readonly getInstances: {
    readonly query?: {
      readonly cursor?: string;
      readonly limit?: number;
    };
    readonly answer: {
      readonly items: readonly Instance[];
      readonly next: string | null;
    };
  };
  /** GET /v1/instances/{name}: One instance */
  readonly getInstance: {
    readonly path: {
      readonly name: string;
    };
    readonly answer: Instance;
  };
  /** GET /v1/instances/{name}/explain: Why an instance is where it is, and what other hosts would be worth */
  readonly getInstanceExplain: {
    readonly path: {
      readonly name: string;
    };
    readonly answer: Explanation;
  };
  /** GET /v1/events: What happened: the newest events, or those that follow an id, in their order */
  readonly getEvents: {
    readonly query?: {
      readonly object?: string;
      readonly after?: number;
      readonly cursor?: string;
      readonly limit?: number;
    };
    readonly answer: {
      readonly items: readonly Event[];
      readonly next: string | null;
    };
  };
  /** GET /v1/status: How the scheduler and its fleet do */
  readonly getStatus: {
    readonly answer: Status;
  };
  /** GET /v1/hosts: Hosts, by name */
  readonly getHosts: {
    readonly query?: {
      readonly cursor?: string;
      readonly limit?: number;
    };
    readonly answer: {
      readonly items: readonly Host[];
      readonly next: string | null;
    };
  };
  /** GET /v1/hosts/{name}: One host */
  readonly getHost: {
    readonly path: {
      readonly name: string;
    };
    readonly answer: Host;
  };
  /** POST /v1/hosts/{name}/cordon: Place nothing new on a host */
  readonly postHostCordon: {
    readonly path: {
      readonly name: string;
    };
    readonly body: {
      readonly reason?: string;
    };
    readonly answer: Host;
  };
  /** POST /v1/hosts/{name}/uncordon: Let instances be placed on a host again */
  readonly postHostUncordon: {
    readonly path: {
      readonly name: string;
    };
    readonly answer: Host;
  };
  /** POST /v1/hosts/{name}/revoke: Take back a host's certificates: nobody is its agent until it has joined again */
  readonly postHostRevoke: {
    readonly path: {
      readonly name: string;
    };
    readonly body: {
      readonly reason?: string;
    };
    readonly answer: Host;
  };
  /** POST /v1/join-tokens: Make a one-time token by which the agent of a host joins the fleet */
  readonly postJoinTokens: {
    readonly body: {
      readonly host: string;
      readonly ttlS?: number;
    };
    readonly answer: {
      readonly token: string;
      readonly host: string;
      readonly expiresMs: number;
    };
  };
  /** GET /v1/failover: What is held true of each host, and whether failover acts */
  readonly getFailover: {
    readonly answer: Failover;
  };
  /** GET /v1/capacity: What the loss of each host, rack or zone would do */
  readonly getCapacity: {
    readonly answer: Capacity;
  };
  /** POST /v1/failover/disarm: Fail nothing over, for maintenance */
  readonly postFailoverDisarm: {
    readonly body: {
      readonly reason?: string;
    };
    readonly answer: Failover;
  };
  /** POST /v1/failover/arm: Fail over again */
  readonly postFailoverArm: {
    readonly answer: Failover;
  };
  /** POST /v1/hosts/{name}/confirm-dead: Say that a host is off, where its witnesses cannot prove it, and fail it over */
  readonly postHostConfirmDead: {
    readonly path: {
      readonly name: string;
    };
    readonly body: {
      readonly reason?: string;
    };
    readonly answer: Operation;
  };
  /** GET /v1/logs: Messages of logs that match a search: the newest, or those that follow an id, in their order */
  readonly getLogs: {
    readonly query?: {
      readonly cursor?: string;
      readonly limit?: number;
      readonly query?: string;
      readonly since?: number;
      readonly until?: number;
      readonly after?: number;
    };
    readonly answer: {
      readonly items: readonly LogMessage[];
      readonly next: string | null;
      readonly intake: {
        readonly received: number;
        readonly stored: number;
        readonly waiting: number;
        readonly dropped: number;
        readonly unread: number;
      };
    };
  };
  /** GET /v1/log-status: How many messages of logs are kept and for how long, and what was lost of them */
  readonly getLogStatus: {
    readonly answer: {
      readonly messages: number;
      readonly bytes: number;
      readonly diskBytes: number;
      readonly oldestMs: number | null;
      readonly limits: {
        readonly days: number;
        readonly messages: number;
        readonly bytes: number;
      };
      readonly intake: {
        readonly received: number;
        readonly stored: number;
        readonly waiting: number;
        readonly dropped: number;
        readonly unread: number;
      };
      readonly kernels: {
        readonly received: number;
        readonly stored: number;
        readonly lostOnHosts: number;
      };
    };
  };
  /** GET /v1/logs/{id}/around: A message of a log with what came before and after it from the same host */
  readonly getLogAround: {
    readonly path: {
      readonly id: number;
    };
    readonly query?: {
      readonly lines?: number;
    };
    readonly answer: {
      readonly items: readonly LogMessage[];
    };
  };
  /** GET /v1/crashes: Crash reports that were cut out of the hosts' logs, the newest first */
  readonly getCrashes: {
    readonly query?: {
      readonly cursor?: string;
      readonly limit?: number;
      readonly host?: string;
      readonly fingerprint?: string;
    };
    readonly answer: {
      readonly items: readonly Crash[];
      readonly next: string | null;
    };
  };
  /** GET /v1/crashes/{id}: One crash report */
  readonly getCrash: {
    readonly path: {
      readonly id: number;
    };
    readonly answer: Crash;
  };
  /** GET /v1/crash-groups: Groups of crash reports of one cause, the latest seen first */
  readonly getCrashGroups: {
    readonly query?: {
      readonly cursor?: string;
      readonly limit?: number;
    };
    readonly answer: {
      readonly items: readonly CrashGroup[];
      readonly next: string | null;
    };
  };
  /** GET /v1/crash-groups/{id}: One group with its members, groups that are alike, and what was decided */
  readonly getCrashGroup: {
    readonly path: {
      readonly id: string;
    };
    readonly answer: {
      readonly id: string;
      readonly kind: string;
      readonly title: string;
      readonly reports: number;
      readonly firstSeenMs: number;
      readonly lastSeenMs: number;
      readonly hosts: readonly ({
        readonly name: string;
        readonly reports: number;
      })[];
      readonly boots: number;
      readonly releases: readonly ({
        readonly name: string;
        readonly reports: number;
      })[];
      readonly perDay: number;
      readonly lastPerDay: number;
      readonly because: readonly string[];
      readonly latest: Crash;
      readonly members: readonly ({
        readonly id: number;
        readonly atMs: number;
        readonly host: string;
        readonly boot: string | null;
        readonly release: string | null;
        readonly process: string | null;
        readonly because: string;
      })[];
      readonly alike: readonly ({
        readonly id: string;
        readonly title: string;
        readonly why: string;
      })[];
      readonly decisions: readonly ({
        readonly id: number;
        readonly atMs: number;
        readonly who: string;
        readonly reason: string;
        readonly kind: 'merge' | 'split' | 'assign';
        readonly subject: string;
        readonly target: string;
        readonly undone: {
          readonly atMs: number;
          readonly who: string;
          readonly reason: string;
        } | null;
      })[];
    };
  };
  /** GET /v1/crash-decisions: What people decided about groups, in the order in which they did */
  readonly getCrashDecisions: {
    readonly query?: {
      readonly cursor?: string;
      readonly limit?: number;
      readonly all?: string;
    };
    readonly answer: {
      readonly items: readonly ({
        readonly id: number;
        readonly atMs: number;
        readonly who: string;
        readonly reason: string;
        readonly kind: 'merge' | 'split' | 'assign';
        readonly subject: string;
        readonly target: string;
        readonly undone: {
          readonly atMs: number;
          readonly who: string;
          readonly reason: string;
        } | null;
      })[];
      readonly next: string | null;
    };
  };
  /** POST /v1/crash-decisions: Merge two groups, split one, or assign a report to another one */
  readonly postCrashDecisions: {
    readonly body: {
      readonly kind: 'merge';
      readonly group: string;
      readonly into: string;
      readonly reason: string;
    } | {
      readonly kind: 'split';
      readonly group: string;
      readonly by: 'release' | 'hardware' | 'module' | 'process' | 'caller' | 'host';
      readonly reason: string;
    } | {
      readonly kind: 'assign';
      readonly report: number;
      readonly into: string;
      readonly reason: string;
    };
    readonly answer: {
      readonly id: number;
      readonly atMs: number;
      readonly who: string;
      readonly reason: string;
      readonly kind: 'merge' | 'split' | 'assign';
      readonly subject: string;
      readonly target: string;
      readonly undone: {
        readonly atMs: number;
        readonly who: string;
        readonly reason: string;
      } | null;
    };
  };
  /** POST /v1/crash-decisions/{id}/undo: Take a decision back */
  readonly postCrashDecisionUndo: {
    readonly path: {
      readonly id: number;
    };
    readonly body: {
      readonly reason: string;
    };
    readonly answer: {
      readonly id: number;
      readonly atMs: number;
      readonly who: string;
      readonly reason: string;
      readonly kind: 'merge' | 'split' | 'assign';
      readonly subject: string;
      readonly target: string;
      readonly undone: {
        readonly atMs: number;
        readonly who: string;
        readonly reason: string;
      } | null;
    };
  };
  /** GET /v1/boots: Boots of the hosts and how each ended, the newest first */
  readonly getBoots: {
    readonly query?: {
      readonly cursor?: string;
      readonly limit?: number;
      readonly host?: string;
    };
    readonly answer: {
      readonly items: readonly Boot[];
      readonly next: string | null;
    };
  };
  /** GET /v1/incidents: Incidents, the newest first */
  readonly getIncidents: {
    readonly query?: {
      readonly cursor?: string;
      readonly limit?: number;
      readonly host?: string;
      readonly state?: 'open' | 'recovered' | 'resolved';
      readonly fingerprint?: string;
    };
    readonly answer: {
      readonly items: readonly IncidentItem[];
      readonly next: string | null;
    };
  };
  /** GET /v1/incidents/{id}: One incident with all that belongs to it */
  readonly getIncident: {
    readonly path: {
      readonly id: number;
    };
    readonly answer: Incident;
  };
  /** POST /v1/incidents/{id}/notes: Add a note to an incident */
  readonly postIncidentNotes: {
    readonly path: {
      readonly id: number;
    };
    readonly body: {
      readonly text: string;
    };
    readonly answer: Incident;
  };
  /** POST /v1/incidents/{id}/resolve: Close an incident */
  readonly postIncidentResolve: {
    readonly path: {
      readonly id: number;
    };
    readonly body: {
      readonly note?: string;
    };
    readonly answer: Incident;
  };
  /** GET /v1/crash-precursors: Lines of logs before crashes, by how much more often than on healthy hosts they come */
  readonly getCrashPrecursors: {
    readonly query?: {
      readonly report?: number;
      readonly group?: string;
      readonly windowMs?: number;
    };
    readonly answer: {
      readonly crashes: number;
      readonly healthyWindows: number;
      readonly windowMs: number;
      readonly questions: number;
      readonly leastP: number;
      readonly leftOut: number;
      readonly lack: string | null;
      readonly items: readonly ({
        readonly app: string;
        readonly template: string;
        readonly example: string;
        readonly crashed: number;
        readonly crashedAll: number;
        readonly healthy: number;
        readonly healthyAll: number;
        readonly linesCrashed: number;
        readonly linesHealthy: number;
        readonly lift: number | null;
        readonly p: number;
        readonly adjusted: number;
        readonly verdict: 'before-crashes' | 'noise' | 'undecided';
      })[];
    };
  };
  /** POST /v1/instances/{name}/migrate: Move an instance with its addresses to another host */
  readonly postInstanceMigrate: {
    readonly path: {
      readonly name: string;
    };
    readonly header?: {
      readonly 'idempotency-key'?: string;
    };
    readonly body: {
      readonly to: string;
      readonly reason?: string;
      readonly wait?: boolean;
    };
    readonly answer: Operation;
  };
  /** POST /v1/hosts/{name}/drain: Cordon a host and move everything off it, the most important first */
  readonly postHostDrain: {
    readonly path: {
      readonly name: string;
    };
    readonly header?: {
      readonly 'idempotency-key'?: string;
    };
    readonly body: {
      readonly reason?: string;
      readonly wait?: boolean;
    };
    readonly answer: Operation;
  };
  /** GET /v1/rebalance: The moves by which a rebalancing would even out the load of the hosts */
  readonly getRebalance: {
    readonly query?: {
      readonly movesMax?: number;
    };
    readonly answer: {
      readonly moves: readonly ({
        readonly instance: string;
        readonly from: string;
        readonly to: string;
        readonly explanation: string;
      })[];
    };
  };
  /** POST /v1/rebalance: Even out the load of the hosts, by at most so many migrations */
  readonly postRebalance: {
    readonly header?: {
      readonly 'idempotency-key'?: string;
    };
    readonly body: {
      readonly movesMax?: number;
      readonly reason?: string;
      readonly wait?: boolean;
    };
    readonly answer: Operation;
  };
  /** GET /v1/operations: Operations, the newest first */
  readonly getOperations: {
    readonly query?: {
      readonly cursor?: string;
      readonly limit?: number;
      readonly object?: string;
      readonly open?: string;
    };
    readonly answer: {
      readonly items: readonly Operation[];
      readonly next: string | null;
    };
  };
  /** GET /v1/operations/{id}: One operation, step by step */
  readonly getOperation: {
    readonly path: {
      readonly id: string;
    };
    readonly answer: Operation;
  };
  /** POST /v1/operations/{id}/cancel: End an operation before its time, and undo what it has done */
  readonly postOperationCancel: {
    readonly path: {
      readonly id: string;
    };
    readonly answer: Operation;
  };
  /** GET /v1/instances/{name}/numbers: What an instance counts: rates, sessions, queues, errors, times, health */
  readonly getInstanceNumbers: {
    readonly path: {
      readonly name: string;
    };
    readonly query?: {
      readonly since?: number;
      readonly until?: number;
      readonly step?: number;
      readonly of?: string;
    };
    readonly answer: Numbers;
  };
  /** GET /v1/numbers: What every instance does now, as far as this scheduler hears of it */
  readonly getNumbers: {
    readonly answer: {
      readonly items: readonly ({
        readonly instance: string;
        readonly host: string;
        readonly tier: number;
        readonly atMs: number;
        readonly sessions: number;
        readonly requests: number;
        readonly bytesIn: number;
        readonly bytesOut: number;
        readonly http4xx: number;
        readonly http5xx: number;
        readonly errors: number;
        readonly openSessions: number;
        readonly queue: number;
        readonly responseMs: number;
        readonly totalMs: number;
        readonly serversUp: number;
        readonly servers: number;
      })[];
    };
  };
  /** GET /metrics: Metrics of the fleet and its instances, in the text form of Prometheus */
  readonly getMetrics: {
    readonly answer: string;
  };
  /** GET /v1/instances/{name}/servers: The servers of a running instance, as HAProxy has them now */
  readonly getInstanceServers: {
    readonly path: {
      readonly name: string;
    };
    readonly answer: {
      readonly items: readonly ({
        readonly backend: string;
        readonly server: string;
        readonly state: 'ready' | 'drain' | 'maint';
        readonly isUp: boolean;
        readonly weight: number;
        readonly configuredWeight: number;
        readonly address: string | null;
        readonly port: number;
        readonly sinceS: number;
        readonly kept: string | null;
      })[];
    };
  };
  /** POST /v1/instances/{name}/servers/{backend}/{server}: Set the state, weight or address of a server in a running instance */
  readonly postInstanceServer: {
    readonly path: {
      readonly name: string;
      readonly backend: string;
      readonly server: string;
    };
    readonly body: {
      readonly state?: 'ready' | 'drain' | 'maint';
      readonly weight?: number;
      readonly address?: string;
      readonly port?: number;
      readonly reason?: string;
      readonly keep?: boolean;
    };
    readonly answer: {
      readonly text: string;
    };
  };
  /** GET /v1/instances/{name}/maps: The maps of a running instance, or the entries of one */
  readonly getInstanceMaps: {
    readonly path: {
      readonly name: string;
    };
    readonly query?: {
      readonly file?: string;
    };
    readonly answer: {
      readonly isCut: boolean;
      readonly items: readonly ({
        readonly key: string;
        readonly value: string;
      })[];
    } | {
      readonly items: readonly ({
        readonly file: string;
        readonly entries: number;
      })[];
    };
  };
  /** POST /v1/instances/{name}/maps: Add or delete an entry of a map in a running instance */
  readonly postInstanceMaps: {
    readonly path: {
      readonly name: string;
    };
    readonly body: {
      readonly file: string;
      readonly key: string;
      readonly value?: string | null;
      readonly isPresent?: boolean;
      readonly reason?: string;
      readonly keep?: boolean;
    };
    readonly answer: {
      readonly text: string;
    };
  };
  /** GET /v1/instances/{name}/acls: The acls of a running instance, or the entries of one */
  readonly getInstanceAcls: {
    readonly path: {
      readonly name: string;
    };
    readonly query?: {
      readonly file?: string;
    };
    readonly answer: {
      readonly isCut: boolean;
      readonly items: readonly ({
        readonly key: string;
        readonly value: string;
      })[];
    } | {
      readonly items: readonly ({
        readonly file: string;
        readonly entries: number;
      })[];
    };
  };
  /** POST /v1/instances/{name}/acls: Add or delete an entry of a acl in a running instance */
  readonly postInstanceAcls: {
    readonly path: {
      readonly name: string;
    };
    readonly body: {
      readonly file: string;
      readonly key: string;
      readonly value?: string | null;
      readonly isPresent?: boolean;
      readonly reason?: string;
      readonly keep?: boolean;
    };
    readonly answer: {
      readonly text: string;
    };
  };
  /** GET /v1/instances/{name}/tables: The stick tables of a running instance */
  readonly getInstanceTables: {
    readonly path: {
      readonly name: string;
    };
    readonly answer: {
      readonly items: readonly ({
        readonly name: string;
        readonly type: string;
        readonly size: number;
        readonly used: number;
      })[];
    };
  };
  /** GET /v1/instances/{name}/tables/{table}: The entries of a stick table, or the one of a key */
  readonly getInstanceTable: {
    readonly path: {
      readonly name: string;
      readonly table: string;
    };
    readonly query?: {
      readonly key?: string;
    };
    readonly answer: {
      readonly isCut: boolean;
      readonly items: readonly ({
        readonly key: string;
        readonly use: number;
        readonly expiresMs: number;
        readonly data: Readonly<Record<string, string>>;
      })[];
    };
  };
  /** POST /v1/instances/{name}/tables/{table}/clear: Clear a stick table, or the entry of a key */
  readonly postInstanceTableClear: {
    readonly path: {
      readonly name: string;
      readonly table: string;
    };
    readonly body: {
      readonly key?: string | null;
      readonly reason?: string;
    };
    readonly answer: {
      readonly text: string;
    };
  };
  /** GET /v1/instances/{name}/overrides: What is kept of changes that were made while an instance ran */
  readonly getInstanceOverrides: {
    readonly path: {
      readonly name: string;
    };
    readonly answer: {
      readonly items: readonly ({
        readonly what: string;
        readonly text: string;
        readonly override: {
          readonly kind: 'server';
          readonly backend: string;
          readonly server: string;
          readonly state: 'ready' | 'drain' | 'maint' | null;
          readonly weight: number | null;
          readonly address: string | null;
          readonly port: number | null;
        } | {
          readonly kind: 'map';
          readonly file: string;
          readonly key: string;
          readonly value: string | null;
        } | {
          readonly kind: 'acl';
          readonly file: string;
          readonly key: string;
          readonly isPresent: boolean;
        };
        readonly who: string;
        readonly reason: string;
        readonly atMs: number;
      })[];
    };
  };
  /** POST /v1/instances/{name}/overrides/remove: Keep something no longer: the next load has the configuration alone */
  readonly postInstanceOverridesRemove: {
    readonly path: {
      readonly name: string;
    };
    readonly body: {
      readonly what: string;
      readonly reason?: string;
    };
    readonly answer: {
      readonly text: string;
    };
  };
  /** GET /v1/watch: Follow the fleet: what there is, and then each change, as server-sent events */
  readonly getWatch: {
    readonly query?: {
      readonly kinds?: string;
    };
    readonly header?: {
      readonly 'last-event-id'?: string;
    };
    readonly answer: string;
  };
  /** GET /v1/certificates: Certificates by name, without their keys */
  readonly getCertificates: {
    readonly query?: {
      readonly cursor?: string;
      readonly limit?: number;
    };
    readonly answer: {
      readonly items: readonly ({
        readonly name: string;
        readonly owner: string;
        readonly version: number;
        readonly names: readonly string[];
        readonly subject: string;
        readonly issuer: string;
        readonly serial: string;
        readonly fingerprint: string;
        readonly key: string;
        readonly notBeforeMs: number;
        readonly notAfterMs: number;
        readonly addedBy: string;
        readonly addedMs: number;
        readonly usedBy: readonly string[];
      })[];
      readonly next: string | null;
    };
  };
  /** GET /v1/certificates/{name}: One certificate, without its key */
  readonly getCertificate: {
    readonly path: {
      readonly name: string;
    };
    readonly answer: {
      readonly name: string;
      readonly owner: string;
      readonly version: number;
      readonly names: readonly string[];
      readonly subject: string;
      readonly issuer: string;
      readonly serial: string;
      readonly fingerprint: string;
      readonly key: string;
      readonly notBeforeMs: number;
      readonly notAfterMs: number;
      readonly addedBy: string;
      readonly addedMs: number;
      readonly usedBy: readonly string[];
    };
  };
  /** POST /v1/certificates/{name}: Add a certificate, or its next version, which running instances take over at once */
  readonly postCertificate: {
    readonly path: {
      readonly name: string;
    };
    readonly body: {
      readonly chain: string;
      readonly privateKey: string;
      readonly owner?: string;
    };
    readonly answer: {
      readonly name: string;
      readonly owner: string;
      readonly version: number;
      readonly names: readonly string[];
      readonly subject: string;
      readonly issuer: string;
      readonly serial: string;
      readonly fingerprint: string;
      readonly key: string;
      readonly notBeforeMs: number;
      readonly notAfterMs: number;
      readonly addedBy: string;
      readonly addedMs: number;
      readonly usedBy: readonly string[];
    };
  };
  /** POST /v1/certificates/{name}/remove: Take out a certificate that no configuration names */
  readonly postCertificateRemove: {
    readonly path: {
      readonly name: string;
    };
    readonly answer: Record<string, never>;
  };
  /** POST /v1/secrets/rotate: Seal every secret with a new key, and forget the keys before */
  readonly postSecretsRotate: {
    readonly answer: {
      readonly secrets: number;
    };
  };
}

const routes = {
  postSession: ['POST', '/v1/session'],
  getSession: ['GET', '/v1/session'],
  postSessionEnd: ['POST', '/v1/session/end'],
  postSessionPassword: ['POST', '/v1/session/password'],
  getSessionProvider: ['GET', '/v1/session/provider'],
  getUsers: ['GET', '/v1/users'],
  postUsers: ['POST', '/v1/users'],
  postUser: ['POST', '/v1/users/{name}'],
  postUserInvite: ['POST', '/v1/users/{name}/invite'],
  postUserRemove: ['POST', '/v1/users/{name}/remove'],
  getTokens: ['GET', '/v1/tokens'],
  postTokens: ['POST', '/v1/tokens'],
  postTokenRevoke: ['POST', '/v1/tokens/{name}/revoke'],
  getAudit: ['GET', '/v1/audit'],
  postApply: ['POST', '/v1/apply'],
  getInstanceVersions: ['GET', '/v1/instances/{name}/versions'],
  getInstanceVersion: ['GET', '/v1/instances/{name}/versions/{version}'],
  getInstanceDiff: ['GET', '/v1/instances/{name}/diff'],
  postInstanceRollback: ['POST', '/v1/instances/{name}/rollback'],
  getRollouts: ['GET', '/v1/rollouts'],
  getRollout: ['GET', '/v1/rollouts/{id}'],
  postRolloutPause: ['POST', '/v1/rollouts/{id}/pause'],
  postRolloutResume: ['POST', '/v1/rollouts/{id}/resume'],
  postRolloutAbort: ['POST', '/v1/rollouts/{id}/abort'],
  getPools: ['GET', '/v1/pools'],
  getPool: ['GET', '/v1/pools/{name}'],
  getInstances: ['GET', '/v1/instances'],
  getInstance: ['GET', '/v1/instances/{name}'],
  getInstanceExplain: ['GET', '/v1/instances/{name}/explain'],
  getEvents: ['GET', '/v1/events'],
  getStatus: ['GET', '/v1/status'],
  getHosts: ['GET', '/v1/hosts'],
  getHost: ['GET', '/v1/hosts/{name}'],
  postHostCordon: ['POST', '/v1/hosts/{name}/cordon'],
  postHostUncordon: ['POST', '/v1/hosts/{name}/uncordon'],
  postHostRevoke: ['POST', '/v1/hosts/{name}/revoke'],
  postJoinTokens: ['POST', '/v1/join-tokens'],
  getFailover: ['GET', '/v1/failover'],
  getCapacity: ['GET', '/v1/capacity'],
  postFailoverDisarm: ['POST', '/v1/failover/disarm'],
  postFailoverArm: ['POST', '/v1/failover/arm'],
  postHostConfirmDead: ['POST', '/v1/hosts/{name}/confirm-dead'],
  getLogs: ['GET', '/v1/logs'],
  getLogStatus: ['GET', '/v1/log-status'],
  getLogAround: ['GET', '/v1/logs/{id}/around'],
  getCrashes: ['GET', '/v1/crashes'],
  getCrash: ['GET', '/v1/crashes/{id}'],
  getCrashGroups: ['GET', '/v1/crash-groups'],
  getCrashGroup: ['GET', '/v1/crash-groups/{id}'],
  getCrashDecisions: ['GET', '/v1/crash-decisions'],
  postCrashDecisions: ['POST', '/v1/crash-decisions'],
  postCrashDecisionUndo: ['POST', '/v1/crash-decisions/{id}/undo'],
  getBoots: ['GET', '/v1/boots'],
  getIncidents: ['GET', '/v1/incidents'],
  getIncident: ['GET', '/v1/incidents/{id}'],
  postIncidentNotes: ['POST', '/v1/incidents/{id}/notes'],
  postIncidentResolve: ['POST', '/v1/incidents/{id}/resolve'],
  getCrashPrecursors: ['GET', '/v1/crash-precursors'],
  postInstanceMigrate: ['POST', '/v1/instances/{name}/migrate'],
  postHostDrain: ['POST', '/v1/hosts/{name}/drain'],
  getRebalance: ['GET', '/v1/rebalance'],
  postRebalance: ['POST', '/v1/rebalance'],
  getOperations: ['GET', '/v1/operations'],
  getOperation: ['GET', '/v1/operations/{id}'],
  postOperationCancel: ['POST', '/v1/operations/{id}/cancel'],
  getInstanceNumbers: ['GET', '/v1/instances/{name}/numbers'],
  getNumbers: ['GET', '/v1/numbers'],
  getMetrics: ['GET', '/metrics'],
  getInstanceServers: ['GET', '/v1/instances/{name}/servers'],
  postInstanceServer: ['POST', '/v1/instances/{name}/servers/{backend}/{server}'],
  getInstanceMaps: ['GET', '/v1/instances/{name}/maps'],
  postInstanceMaps: ['POST', '/v1/instances/{name}/maps'],
  getInstanceAcls: ['GET', '/v1/instances/{name}/acls'],
  postInstanceAcls: ['POST', '/v1/instances/{name}/acls'],
  getInstanceTables: ['GET', '/v1/instances/{name}/tables'],
  getInstanceTable: ['GET', '/v1/instances/{name}/tables/{table}'],
  postInstanceTableClear: ['POST', '/v1/instances/{name}/tables/{table}/clear'],
  getInstanceOverrides: ['GET', '/v1/instances/{name}/overrides'],
  postInstanceOverridesRemove: ['POST', '/v1/instances/{name}/overrides/remove'],
  getWatch: ['GET', '/v1/watch'],
  getCertificates: ['GET', '/v1/certificates'],
  getCertificate: ['GET', '/v1/certificates/{name}'],
  postCertificate: ['POST', '/v1/certificates/{name}'],
  postCertificateRemove: ['POST', '/v1/certificates/{name}/remove'],
  postSecretsRotate: ['POST', '/v1/secrets/rotate'],
} as const;

export type OperationId = keyof Operations;

type Parts = 'path' | 'query' | 'header' | 'body';
/** What may be left out may be undefined as well. */
export type Loose<Part> = Part extends object
  ? {
      readonly [Name in keyof Part]:
        | Loose<Part[Name]>
        | (object extends Pick<Part, Name> ? undefined : never);
    }
  : Part;
/** What an operation is called with. */
export type Input<Id extends OperationId> = Loose<
  Pick<Operations[Id], Extract<keyof Operations[Id], Parts>>
>;
export type Answer<Id extends OperationId> = Operations[Id]['answer'];

/** One request as it goes over the wire. */
export interface ApiRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** To be sent as JSON; undefined for none. */
  readonly body: unknown;
}

/** The request that an operation is. */
export function requestOf<Id extends OperationId>(id: Id, input: Input<Id>): ApiRequest {
  const { path: named = {}, query = {}, header = {}, body } = input as {
    readonly [part in Parts]?: Readonly<Record<string, unknown>>;
  };
  const [method, template] = routes[id];
  const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(named[name])),
  );
  const words = Object.entries(query).filter(([, value]) => value !== undefined);
  const search = new URLSearchParams(words.map(([name, value]) => [name, String(value)])).toString();
  const headers = Object.fromEntries(
    Object.entries(header).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
  return { method, path: search === '' ? path : `${path}?${search}`, headers, body };
}

/**
 * Calls operations by their names.
 *
 * @param send sends a request and resolves with the parsed body of a good answer; rejects else
 */
export function createApiClient(
  send: (request: ApiRequest) => Promise<unknown>,
): <Id extends OperationId>(id: Id, input: Input<Id>) => Promise<Answer<Id>> {
  return async (id, input) => (await send(requestOf(id, input))) as Answer<typeof id>;
}
