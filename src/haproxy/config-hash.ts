import { createHash } from 'node:crypto';

const descriptionPattern = /^ *description bridgehead-([0-9a-f]{64})\n/m;

/** The line of the managed `global` section by which a running HAProxy says what it has loaded. */
export function descriptionLine(hash: string): string {
  return `    description bridgehead-${hash}`;
}

/**
 * The hash of a rendered configuration: SHA-256, in hexadecimal, of its UTF-8 text without the
 * description line, which carries that hash. Comes out the same with the line and without it, so
 * that a file can be held against what it claims.
 */
export function configHashOf(rendered: string): string {
  return createHash('sha256').update(rendered.replace(descriptionPattern, '')).digest('hex');
}

/** The hash that a rendered configuration claims, null where it has none. */
export function claimedHash(rendered: string): string | null {
  return descriptionPattern.exec(rendered)?.[1] ?? null;
}

/**
 * The hash of the configuration that a running HAProxy has loaded, from the `description` that it
 * gives in its answer to `show info`; null where it was not Bridgehead that configured it.
 */
export function hashInDescription(description: string): string | null {
  return /^bridgehead-([0-9a-f]{64})$/.exec(description.trim())?.[1] ?? null;
}
