// What is changed in a running HAProxy without a reload, and what of it is kept.

/** `drain`: no new sessions but those that belong there; `maint`: none at all, and no checks. */
export type ServerState = 'ready' | 'drain' | 'maint';

/** A server of a backend: what is null stays as it is. */
export interface ServerOverride {
  readonly kind: 'server';
  readonly backend: string;
  readonly server: string;
  readonly state: ServerState | null;
  /** Of 256. */
  readonly weight: number | null;
  readonly address: string | null;
  readonly port: number | null;
}

/** An entry of a map, by the map's file as the configuration names it; null where it is not there. */
export interface MapOverride {
  readonly kind: 'map';
  readonly file: string;
  readonly key: string;
  readonly value: string | null;
}

/** An entry of an ACL that is read from a file. */
export interface AclOverride {
  readonly kind: 'acl';
  readonly file: string;
  readonly key: string;
  readonly isPresent: boolean;
}

/** A change that can be made at any time, and again, to the same end. */
export type Override = ServerOverride | MapOverride | AclOverride;

/** A change of a running HAProxy. What is cleared from a table cannot be kept: it fills again. */
export type LiveChange =
  | Override
  | { readonly kind: 'table'; readonly table: string; readonly key: string | null };

/** An override with who wanted it and why. */
export interface KeptOverride {
  readonly override: Override;
  readonly who: string;
  readonly reason: string;
  readonly atMs: number;
}

/** Overrides of one instance at most. */
export const overridesMax = 200;

/** Which of an instance's overrides it is: one server, or one entry. */
export function overrideName(one: Override): string {
  return one.kind === 'server'
    ? `server ${one.backend}/${one.server}`
    : `${one.kind} ${one.file} ${one.key}`;
}

/** The later override over the one before: of a server it may say less. */
export function mergedOverride(before: Override | undefined, now: Override): Override {
  if (now.kind !== 'server' || before?.kind !== 'server') return now;
  return {
    ...now,
    state: now.state ?? before.state,
    weight: now.weight ?? before.weight,
    address: now.address ?? before.address,
    port: now.port ?? before.port,
  };
}

/** A change in a few words, such as `server api/s1: drain, weight 50`. */
export function changeText(change: LiveChange): string {
  switch (change.kind) {
    case 'server': {
      const { state, weight, address, port } = change;
      const parts = [
        ...(state === null ? [] : [state]),
        ...(weight === null ? [] : [`weight ${weight}`]),
        ...(address === null ? [] : [`address ${address}`]),
        ...(port === null ? [] : [`port ${port}`]),
      ];
      return `${overrideName(change)}: ${parts.join(', ')}`;
    }
    case 'map':
      return `${overrideName(change)}: ${change.value === null ? 'deleted' : change.value}`;
    case 'acl':
      return `${overrideName(change)}: ${change.isPresent ? 'added' : 'deleted'}`;
    case 'table':
      return `table ${change.table}: cleared${change.key === null ? '' : ` of ${change.key}`}`;
  }
}
