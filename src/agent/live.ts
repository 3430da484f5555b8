// Looking into a running HAProxy and changing it by its runtime API.

import type { DesiredInstance } from '../domain/desired.ts';
import { BridgeheadError } from '../domain/errors.ts';
import type { InstanceId } from '../domain/ids.ts';
import { changeText, type LiveChange, type Override, overrideName } from '../domain/live.ts';
import { changeCommands, holds, isKnown, showCommand } from '../haproxy/live-commands.ts';
import type { LiveRequest, LiveSubject } from '../protocol/live-frames.ts';
import { notHere, staleEpoch } from './instance-errors.ts';
import type { MachineHaproxy } from './machine.ts';

/**
 * Answers a scheduler.
 *
 * @param desired what this host is to do for the instance, null for nothing
 * @throws BridgeheadError SOURCE_MISMATCH, EPOCH_STALE, NOT_FOUND, LIVE_REFUSED
 */
export async function answerLive(
  haproxy: MachineHaproxy,
  request: LiveRequest,
  desired: DesiredInstance | null,
): Promise<{ readonly text: string }> {
  if (desired?.role !== 'active') throw notHere(request.instance);
  if (desired.epoch !== request.epoch) throw staleEpoch(desired.name, request.epoch, desired.epoch);
  if (request.kind === 'live-show') {
    return { text: await showLive(haproxy, desired.id, request.subject) };
  }
  await changeLive(haproxy, desired.id, request.change);
  return { text: '' };
}

/** HAProxy's answer to what is to be shown. @throws BridgeheadError NOT_FOUND */
export async function showLive(
  haproxy: MachineHaproxy,
  id: InstanceId,
  subject: LiveSubject,
): Promise<string> {
  const text = await haproxy.command(id, commandOf(subject));
  if ('of' in subject && /^(Unknown|No such)/m.test(text)) {
    throw unknown(`${subject.what} ${subject.of}`, text);
  }
  return text;
}

function commandOf(subject: LiveSubject): string {
  switch (subject.what) {
    case 'servers':
      return 'show servers state';
    case 'maps':
      return 'show map';
    case 'acls':
      return 'show acl';
    case 'tables':
      return 'show table';
    case 'map':
    case 'acl':
      return `show ${subject.what} ${subject.of}`;
    case 'table':
      return `show table ${subject.of}${subject.key === null ? '' : ` key ${subject.key}`}`;
  }
}

/**
 * Makes a change and looks whether HAProxy shows it. One that holds already does nothing.
 *
 * @throws BridgeheadError NOT_FOUND for what HAProxy does not know; LIVE_REFUSED where it does not do it
 */
export async function changeLive(
  haproxy: MachineHaproxy,
  id: InstanceId,
  change: LiveChange,
): Promise<void> {
  if (change.kind === 'table') {
    const answer = await haproxy.command(id, changeCommands(change, '').join(';'));
    if (/^(Unknown|No such)/m.test(answer)) throw unknown(`table ${change.table}`, answer);
    if (answer.trim() !== '') throw refusedLive(change, answer);
    return;
  }
  const shown = await haproxy.command(id, showCommand(change));
  if (!isKnown(change, shown)) throw unknown(overrideName(change), shown);
  if (holds(change, shown)) return;
  const answers: string[] = [];
  for (const command of changeCommands(change, shown)) {
    answers.push(await haproxy.command(id, command));
  }
  if (holds(change, await haproxy.command(id, showCommand(change)))) return;
  throw refusedLive(change, answers.join(' '));
}

/**
 * Brings a HAProxy to what is kept, as far as it knows what that is about.
 *
 * @returns what went wrong, one line each
 */
export async function applyOverrides(
  haproxy: MachineHaproxy,
  id: InstanceId,
  overrides: readonly Override[],
): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const override of overrides) {
    try {
      await changeLive(haproxy, id, override);
    } catch (error) {
      faults.push(error instanceof Error ? error.message : String(error));
    }
  }
  return faults;
}

function unknown(what: string, answer: string): BridgeheadError {
  return new BridgeheadError(
    'NOT_FOUND',
    `HAProxy knows no ${what}${said(answer)}`,
    'See what there is: bridgehead servers list, map list, acl list or table list, with the instance.',
  );
}

function refusedLive(change: LiveChange, answer: string): BridgeheadError {
  return new BridgeheadError(
    'LIVE_REFUSED',
    `HAProxy did not take "${changeText(change)}"${said(answer)}`,
    'What it shows is as it was, or in part. Look at it, and change the configuration if it has to be so.',
  );
}

function said(answer: string): string {
  const text = answer.replaceAll(/\s+/g, ' ').trim().slice(0, 200);
  return text === '' || text.startsWith('1 #') ? '' : `: ${text}`;
}
