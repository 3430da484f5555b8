// What an instance's HAProxy is to run, as one thing that is numbered, compared and gone back to.

import { createHash } from 'node:crypto';
import type { InstanceSpec } from './model.ts';

/** What makes a configuration: changing any of it makes a new version. */
export type ConfigContent = Pick<InstanceSpec, 'image' | 'config' | 'attachments'>;

/** A version without what it has. */
export interface ConfigVersionHead {
  /** From 1 on, by instance, without gaps. */
  readonly version: number;
  /** When it was applied, wall-clock milliseconds. */
  readonly atMs: number;
  /** Who applied it; empty where nobody knows. */
  readonly who: string;
  readonly reason: string;
  /** See {@link contentHash}. */
  readonly hash: string;
}

/** A configuration that an instance has or had. Never changes. */
export interface ConfigVersion extends ConfigVersionHead {
  readonly content: ConfigContent;
}

/** How many versions of an instance are kept; the newest is what it is to run. */
export const configVersionsMax = 100;

/** The part of a spec that is under versions. */
export function contentOf({ image, config, attachments }: ConfigContent): ConfigContent {
  return attachments === undefined ? { image, config } : { image, config, attachments };
}

/** A spec with another content, and all else as it is. */
export function withContent(spec: InstanceSpec, content: ConfigContent): InstanceSpec {
  const { attachments: _old, ...rest } = spec;
  return { ...rest, ...contentOf(content) };
}

/** All of a version but what it has. */
export function headOf({ version, atMs, who, reason, hash }: ConfigVersion): ConfigVersionHead {
  return { version, atMs, who, reason, hash };
}

/** SHA-256, hexadecimal, by which two versions are known to be equal. */
export function contentHash({ image, config, attachments = [] }: ConfigContent): string {
  const hash = createHash('sha256').update(`${image}\n${config}`);
  // No configuration holds a NUL, so that what follows one is never taken for a part of it.
  for (const { name, sha256, path } of attachments)
    hash.update(`\0${name} ${sha256} ${path ?? ''}`);
  return hash.digest('hex');
}
