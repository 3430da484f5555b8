import {
  type ConfigContent,
  type ConfigVersion,
  type ConfigVersionHead,
  contentHash,
} from '../domain/config-version.ts';
import { BridgeheadError } from '../domain/errors.ts';
import type { InstanceName } from '../domain/ids.ts';
import type { Instance } from '../domain/model.ts';
import { attachmentLines } from '../haproxy/attachments.ts';
import { renderConfig } from '../haproxy/render.ts';
import { unifiedDiff } from '../spec/unified-diff.ts';
import type { FleetState, Store, Transaction } from '../store/store.ts';
import { type ApplyPlan, planContent } from './apply-plan.ts';

/** Two versions, and the unified diff from the first to the second. */
export interface ConfigDiff {
  readonly from: ConfigVersion;
  readonly to: ConfigVersion;
  /** Empty where the texts are equal. */
  readonly diff: string;
}

export interface DiffWanted {
  /** Null for the version before `to`. */
  readonly from: number | null;
  /** Null for the newest. */
  readonly to: number | null;
  /** Whether what HAProxy reads is compared, and not what the owner wrote. */
  readonly isRendered: boolean;
}

/** Looks at the versions of instances' configurations. */
export class ConfigDesk {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Those that are kept, the newest first. @throws BridgeheadError NOT_FOUND */
  history(name: InstanceName): Promise<readonly ConfigVersionHead[]> {
    return this.#read(async (tx) => tx.configVersions((await find(tx, name)).id));
  }

  /**
   * One version, and what HAProxy reads of it on the instance as it is now.
   *
   * @param version null for the newest
   * @throws BridgeheadError NOT_FOUND
   */
  show(
    name: InstanceName,
    version: number | null,
  ): Promise<ConfigVersion & { readonly rendered: string }> {
    return this.#read(async (tx) => {
      const instance = await find(tx, name);
      const found = await versionOf(tx, instance, version ?? (await newest(tx, instance)));
      return { ...found, rendered: rendered(instance, found.content) };
    });
  }

  /**
   * What differs between two versions.
   *
   * @throws BridgeheadError NOT_FOUND
   */
  diff(name: InstanceName, { from, to, isRendered }: DiffWanted): Promise<ConfigDiff> {
    return this.#read(async (tx) => {
      const instance = await find(tx, name);
      const after = await versionOf(tx, instance, to ?? (await newest(tx, instance)));
      const before = await versionOf(tx, instance, from ?? after.version - 1);
      const text = ({ content }: ConfigVersion) =>
        isRendered ? rendered(instance, content) : written(content);
      return { from: before, to: after, diff: unifiedDiff(text(before), text(after)) };
    });
  }

  /**
   * The version that a rollback goes to.
   *
   * @param version null for the newest one that is not equal to what is applied now
   * @throws BridgeheadError NOT_FOUND, CONFIG_SAME
   */
  rollbackTarget(name: InstanceName, version: number | null): Promise<ConfigVersion> {
    return this.#read(async (tx) => {
      const instance = await find(tx, name);
      const hash = contentHash(instance.spec);
      const other = (await tx.configVersions(instance.id)).find((one) => one.hash !== hash);
      if (version === null && other === undefined) throw onlyOne(name);
      const target = await versionOf(tx, instance, version ?? other?.version ?? 0);
      if (target.hash === hash) throw same(name, target.version);
      return target;
    });
  }

  #read<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    return this.#store.transact(work, 'snapshot');
  }
}

/**
 * Plans the way back to a version.
 *
 * @throws BridgeheadError NOT_FOUND where the instance is gone, CONFIG_SAME where it has become equal
 */
export function planRollback(
  fleet: FleetState,
  name: InstanceName,
  { version, content }: Pick<ConfigVersion, 'version' | 'content'>,
  source: string,
): ApplyPlan {
  const plan = planContent(fleet, name, content, source);
  if (plan === null) throw noInstance(name);
  if (plan.instances.length === 0) throw same(name, version);
  return plan;
}

// What is attached is told by name and hash: a file that changed is a difference too.
function written({ config, attachments = [] }: ConfigContent): string {
  return [...attachmentLines(attachments), config].join('\n');
}

function rendered({ spec, addresses }: Instance, content: ConfigContent): string {
  const { config, attachments } = content;
  const { name, resources } = spec;
  return renderConfig({ name, config, attachments, addresses, resources }).text;
}

async function find(tx: Transaction, name: InstanceName): Promise<Instance> {
  const instance = await tx.instanceNamed(name);
  if (instance === null) throw noInstance(name);
  return instance;
}

async function newest(tx: Transaction, { id }: Instance): Promise<number> {
  return (await tx.configVersions(id))[0]?.version ?? 0;
}

async function versionOf(tx: Transaction, { id, spec }: Instance, version: number) {
  const found = await tx.configVersion(id, version);
  if (found !== null) return found;
  throw new BridgeheadError(
    'NOT_FOUND',
    `instance ${spec.name} has no version ${version} of its configuration`,
    `See which are kept: bridgehead config history ${spec.name}`,
  );
}

function noInstance(name: InstanceName): BridgeheadError {
  return new BridgeheadError(
    'NOT_FOUND',
    `there is no instance ${name}`,
    'See which there are: bridgehead get instances',
  );
}

function onlyOne(name: InstanceName): BridgeheadError {
  return new BridgeheadError(
    'CONFIG_SAME',
    `instance ${name}: no other configuration than the present one is kept`,
    `See which are kept: bridgehead config history ${name}`,
  );
}

function same(name: InstanceName, version: number): BridgeheadError {
  return new BridgeheadError(
    'CONFIG_SAME',
    `instance ${name} has the configuration of version ${version} already`,
    `Nothing was changed. See which others are kept: bridgehead config history ${name}`,
  );
}
