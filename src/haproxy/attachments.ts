// Files that an instance's configuration refers to: where they are in its container, and how the
// rendered configuration says which ones it needs. That text alone tells an agent what to have there,
// so that a configuration from before, which comes back, brings its own files along.

import type { Attachment } from '../domain/model.ts';
import { plainNamePattern } from './plain-name.ts';

/** Where attachments are inside the container, each under its name. */
export const attachmentFolder = '/etc/haproxy/attachments';

/** A file by what is in it, and its name in the folder. */
export type NamedContent = Pick<Attachment, 'name' | 'sha256'>;

const linePattern = /^# attachment ([0-9a-f]{64}) (\S+)$/;

/** The lines, at the head of a rendered configuration, that say which files it needs. */
export function attachmentLines(attachments: readonly NamedContent[]): readonly string[] {
  return attachments.map(({ name, sha256 }) => `# attachment ${sha256} ${name}`);
}

/**
 * The files that a rendered configuration needs. Only the managed head counts: what an owner writes
 * stands behind it.
 */
export function attachmentsIn(rendered: string): readonly NamedContent[] {
  const found: NamedContent[] = [];
  let at = rendered.indexOf('\n') + 1;
  while (at > 0) {
    const end = rendered.indexOf('\n', at);
    const match = linePattern.exec(rendered.slice(at, end < 0 ? undefined : end));
    const [, sha256, name] = match ?? [];
    if (sha256 === undefined || name === undefined || !plainNamePattern.test(name)) break;
    found.push({ name, sha256 });
    at = end + 1;
  }
  return found;
}

/** Where the file of that name is inside the container. */
export function attachmentPath(name: string): string {
  return `${attachmentFolder}/${name}`;
}

/**
 * What HAProxy calls the file of a map or ACL: of an attachment, by whichever name it is meant, its
 * path in the container; anything else is as the configuration has it.
 */
export function runtimeFile(
  attachments: readonly Pick<Attachment, 'name' | 'path'>[] | undefined,
  file: string,
): string {
  const meant = attachmentMeant(attachments ?? [], file);
  return meant === undefined ? file : attachmentPath(meant.name);
}

/** A file as people call it: an attachment by its name. */
export function shownFile(file: string): string {
  const start = `${attachmentFolder}/`;
  return file.startsWith(start) ? file.slice(start.length) : file;
}

/** The attachment that a configuration means by a path or name; undefined where it is none. */
export function attachmentMeant<Named extends Pick<Attachment, 'name' | 'path'>>(
  attachments: readonly Named[],
  path: string,
): Named | undefined {
  const plain = path.replace(/^\.\//, '');
  return (
    attachments.find((one) => one.path === path) ??
    attachments.find(({ name }) => name === plain || attachmentPath(name) === path)
  );
}
