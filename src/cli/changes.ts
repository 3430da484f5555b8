import type { Change } from '../protocol/api.ts';
import { indented } from './table.ts';
import type { Paint } from './terminal.ts';

/**
 * What applying a spec changed, or would: `+` created, `~` updated with its fields and the
 * configuration's unified diff, `-` deleted; unchanged objects only in the summary, the last line.
 */
export function changesText(changes: readonly Change[], isDryRun: boolean, paint: Paint): string {
  const lines = changes
    .filter(({ action }) => action !== 'none')
    .map((change) => changeText(change, paint));
  return [...lines, summaryText(changes, isDryRun)].join('\n');
}

function changeText({ kind, name, action, fields }: Change, paint: Paint): string {
  if (action === 'delete') return paint('red', `- ${kind} ${name}`);
  const head =
    action === 'create'
      ? paint('green', `+ ${kind} ${name}`)
      : paint('yellow', `~ ${kind} ${name}`);
  return [head, ...fields.map((field) => fieldText(field, paint))].join('\n');
}

function fieldText({ field, before, after }: Change['fields'][number], paint: Paint): string {
  const isText = field === 'config' || field === 'rendered';
  const isDiff = isText && before === null && (after ?? '').startsWith('@@');
  if (isDiff) return `    ${field}:\n${indented(diffText(after ?? '', paint), '      ')}`;
  return `    ${field}: ${paint('red', before ?? '(none)')} -> ${paint('green', after ?? '(none)')}`;
}

/** A unified diff in colours. */
export function diffText(diff: string, paint: Paint): string {
  return diff
    .split('\n')
    .map((line) => {
      if (line.startsWith('+')) return paint('green', line);
      if (line.startsWith('-')) return paint('red', line);
      return line.startsWith('@@') ? paint('cyan', line) : line;
    })
    .join('\n');
}

function summaryText(changes: readonly Change[], isDryRun: boolean): string {
  const count = (action: Change['action']) =>
    changes.filter((change) => change.action === action).length;
  const parts = (['create', 'update', 'delete'] as const)
    .map((action) => ({ action, number: count(action) }))
    .filter(({ number }) => number > 0)
    .map(({ action, number }) => (isDryRun ? `${number} to ${action}` : `${number} ${action}d`));
  const summary = [...parts, `${count('none')} unchanged`].join(', ');
  return isDryRun ? `dry run, nothing was changed: ${summary}` : summary;
}
