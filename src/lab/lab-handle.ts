import { BridgeheadError } from '../domain/errors.ts';
import type { LabState } from './journal.ts';
import { JournalFile, readLabState } from './journal-file.ts';
import { LabApi } from './lab-api.ts';
import { namespaceInode } from './namespaces.ts';
import { type LabParts, labParts } from './parts.ts';
import { type LabPaths, labPaths } from './paths.ts';
import type { ProcessScope } from './process-table.ts';
import { type SchedulerSite, schedulerSites } from './schedulers.ts';
import { type LabNode, type Topology, topologyOf } from './topology.ts';

/** What every lab command takes. */
export interface LabOptions {
  /** Which lab; `lab` unless told. Labs of different names run side by side. */
  readonly name?: string;
  /** How the `bridgehead` command is run; this checkout's own unless told. */
  readonly command?: readonly [string, ...string[]];
}

/** A lab that is there, at least in part, as its journal says. */
export interface LabView {
  readonly paths: LabPaths;
  readonly state: LabState;
  readonly topology: Topology;
  /** The schedulers; at least one. */
  readonly sites: readonly SchedulerSite[];
  readonly parts: LabParts;
  readonly api: LabApi;
}

/** A lab that may be changed: the caller holds its lock. */
export interface Lab extends LabView {
  readonly journal: JournalFile;
}

export function labName(options: LabOptions): string {
  return options.name ?? 'lab';
}

/** The lab behind an open journal. `state` is the journal's as it was when this was called. */
export function labOf(journal: JournalFile, paths: LabPaths, options: LabOptions): Lab {
  return { ...viewOf(journal.state, paths, options), journal };
}

/**
 * The lab of that name, to be changed.
 *
 * @throws BridgeheadError NOT_FOUND where there is none
 */
export function openLab(options: LabOptions): Lab {
  const paths = labPaths(labName(options));
  const journal = JournalFile.open(paths.journal);
  if (journal === null) throw noLab(paths);
  return labOf(journal, paths, options);
}

/**
 * The lab of that name, to look at.
 *
 * @throws BridgeheadError NOT_FOUND where there is none
 */
export function viewLab(options: LabOptions): LabView {
  const paths = labPaths(labName(options));
  const state = readLabState(paths.journal);
  if (state === null) throw noLab(paths);
  return viewOf(state, paths, options);
}

function viewOf(state: LabState, paths: LabPaths, options: LabOptions): LabView {
  const topology = topologyOf(state.name, state.hosts);
  const sites = schedulerSites(state, paths);
  const parts = labParts({ id: state.id, sites, topology, paths }, options.command);
  return { paths, state, topology, sites, parts, api: new LabApi(sites, paths.logs) };
}

function noLab(paths: LabPaths): BridgeheadError {
  const name = paths.name === 'lab' ? '' : ` --name ${paths.name}`;
  return new BridgeheadError(
    'NOT_FOUND',
    `there is no lab called ${paths.name} (no ${paths.journal})`,
    `Make it: bridgehead lab up${name}`,
  );
}

/** The host of that name. @throws BridgeheadError NOT_FOUND with the names there are */
export function hostOf({ topology, state }: LabView, name: string): LabNode {
  const node = topology.hosts.find((host) => host.name === name);
  if (node !== undefined) return node;
  throw new BridgeheadError(
    'NOT_FOUND',
    `lab ${state.name} has no host ${name}`,
    `Name one of its hosts: ${topology.hosts.map((host) => host.name).join(', ')}.`,
  );
}

/** Every process of one host. */
export function scopeOfHost({ state }: LabView, node: LabNode): ProcessScope {
  const inode = namespaceInode(node.namespace);
  return { labId: state.id, host: node.name, netns: new Set(inode === null ? [] : [inode]) };
}

/** Every process of the lab. */
export function scopeOfLab({ state }: { readonly state: LabState }): ProcessScope {
  const inodes = [...state.namespaces.keys()].map(namespaceInode);
  return {
    labId: state.id,
    host: null,
    netns: new Set(inodes.filter((inode) => inode !== null)),
  };
}
