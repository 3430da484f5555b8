// Templates for Preact. All text that they are given is set as text: nothing of it becomes markup.

import htm from 'htm';
import { type ComponentChildren, h, type VNode } from 'preact';

/** What a part of the page may have in it. */
export type Children = ComponentChildren;

type Template = (strings: TemplateStringsArray, ...values: readonly unknown[]) => VNode;

/** A template with one root. */
// Its own types speak of the form for CommonJS, whose default is wrapped once more.
export const html = (htm as unknown as { bind(create: typeof h): Template }).bind(h);

/** What was written into a field of a form, without spaces around it. */
export function wordOf(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === 'string' ? value.trim() : '';
}
