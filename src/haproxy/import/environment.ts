import type { ConfigLine } from '../config-lines.ts';
import type { Word } from '../tokenize.ts';

/** Set by HAProxy itself (configuration manual 2.3), as are all that begin with a dot. */
const ownVariables = /^(?:HAPROXY_\w+|\..+)$/;
const pattern = /\$(?:\{(\.?\w+)(?:\[\*\])?(?:-([^}]*))?(?:\[\*\])?\}|(\.?[A-Za-z_]\w*))/g;

/** Values of environment variables as far as a configuration's lines were read. */
export class Environment {
  readonly #values: Map<string, string>;

  constructor(given: Readonly<Record<string, string>>) {
    this.#values = new Map(Object.entries(given));
  }

  /** Takes over what a `setenv`, `presetenv`, `unsetenv` or `resetenv` of `global` does. */
  read(line: ConfigLine): void {
    if (line.section?.keyword !== 'global') return;
    const [keyword, ...words] = line.words.map(({ text }) => text);
    const [name = '', value = ''] = words;
    if (keyword === 'setenv') this.#values.set(name, value);
    if (keyword === 'presetenv' && !this.#values.has(name)) this.#values.set(name, value);
    if (keyword === 'unsetenv') for (const each of words) this.#values.delete(each);
    if (keyword === 'resetenv') {
      for (const each of this.#values.keys()) if (!words.includes(each)) this.#values.delete(each);
    }
  }

  /** The variables of a word that have no value and no default. */
  unknown(word: Word): readonly string[] {
    if (!word.expands) return [];
    return [...word.text.matchAll(pattern)].flatMap(([, braced, fallback, bare]) => {
      const name = braced ?? bare ?? '';
      const isKnown = this.#values.has(name) || ownVariables.test(name) || fallback !== undefined;
      return isKnown ? [] : [name];
    });
  }

  /** What HAProxy reads for the word; null where that cannot be told here. */
  expand(word: Word): string | null {
    if (!word.expands) return word.text;
    let isKnown = true;
    const text = word.text.replace(
      pattern,
      (_, braced?: string, fallback?: string, bare?: string) => {
        const value = this.#values.get(braced ?? bare ?? '') ?? fallback;
        if (value === undefined) isKnown = false;
        return value ?? '';
      },
    );
    return isKnown ? text : null;
  }
}
