// What others wrote (an event, a note, a name) is shown as text and never obeyed: a control
// character could move the cursor, retitle the window, or hide what stands before it.

/** C0 and C1 controls and DEL, but for the tab and the line feed; marks that turn the order of writing. */
// oxlint-disable-next-line no-control-regex -- control characters are what this is about
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** `text` with each control character, but tabs and line feeds, written as `\u001b`. */
export function printable(text: string): string {
  return text.replace(
    controls,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The same with one place for each character, for a line under which a caret has to stand. */
export function printableInPlace(line: string): string {
  return line.replace(controls, '\uFFFD');
}

/** `text` on one line: what breaks it, with the space around, becomes one space. */
export function oneLine(text: string): string {
  return text.trim().replace(/[^\S\n\t]*[\n\t]\s*/g, ' ');
}

/** All texts in a value as it was parsed from JSON, made printable. */
export function printableValue(value: unknown): unknown {
  if (typeof value === 'string') return printable(value);
  if (Array.isArray(value)) return value.map(printableValue);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [printable(key), printableValue(inner)]),
  );
}
