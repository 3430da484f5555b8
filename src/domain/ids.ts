// Every kind of name in the system, in one alphabetical list. The brands exist for the compiler
// only; at run time each is the plain value.

declare const brand: unique symbol;
type Branded<Value, Kind extends string> = Value & { readonly [brand]: Kind };

/** Fencing token of an assignment: a whole number from 1 that only grows. */
export type Epoch = Branded<number, 'Epoch'>;
/** Name of a host, unique in the fleet: lower-case letters, digits and dashes, 63 at most. */
export type HostName = Branded<string, 'HostName'>;
/** UUID of an instance. It outlives renames, and the instance's MAC is derived from it. */
export type InstanceId = Branded<string, 'InstanceId'>;
/** Name of an instance, unique in the fleet; same form as a host's. */
export type InstanceName = Branded<string, 'InstanceName'>;
/** Name of a pool of service addresses; same form as a host's. */
export type PoolName = Branded<string, 'PoolName'>;

/** What a name of a host, pool or instance may look like (a DNS label, RFC 1123). */
export const namePattern = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
