/** Stands for what differs between lines of one template. */
export const wildcard = '<*>';

/** Bounds of what a miner keeps, whatever it is fed. */
export const minerLimits = {
  templates: 5_000,
  /** Branches of a node of the tree; what is beyond shares one. */
  branches: 100,
  /** Templates of one leaf, each of which a line is held against. */
  leaf: 200,
  /** Words of a line; what is behind them does not count. */
  words: 60,
  lineLength: 1_024,
} as const;

/** Words of the beginning by which the tree goes. Drain's depth of 4: its root, the length, and these. */
const leadingWords = 2;
/**
 * Share of words that have to be the same, of those that are no wildcard. Drain's authors use 0.3 to
 * 0.6 of all words; here numbers are taken out first, and "Link is Up" is to stay apart from "Down".
 */
const similarityLeast = 0.8;

/** A template as it is after the lines so far. */
export interface LogTemplate {
  /** Stays the same while the template gets more general. */
  readonly id: number;
  readonly text: string;
  /** The program whose lines it is of. */
  readonly app: string;
  /** The first line that was of it. */
  readonly example: string;
}

interface Found {
  readonly id: number;
  readonly app: string;
  readonly example: string;
  words: string[];
}

interface Node {
  readonly next: Map<string, Node>;
  readonly templates: Found[];
}

/**
 * Finds what lines of logs have in common, as they come: Drain (He, Zhu, Zheng and Lyu, "Drain: An
 * online log parsing approach with fixed depth tree", ICWS 2017). Lines of as many words and the same
 * beginning share a leaf of the tree, and there a template where enough of their words are the same;
 * words that differ become `<*>`. Memory is bounded by `minerLimits`.
 */
export class TemplateMiner {
  readonly #root = newNode();
  readonly #templates: Found[] = [];

  get templates(): readonly LogTemplate[] {
    return this.#templates.map(({ id, app, words, example }) => ({
      ...{ id, app, example },
      text: words.join(' '),
    }));
  }

  /**
   * Takes a line without its envelope. Lines of two programs share no template.
   *
   * @returns the id of its template; null where there are too many templates for one more
   */
  push(line: string, app = ''): number | null {
    const words = wordsOf(line);
    const leaf = this.#leafOf(app, words);
    let best: Found | null = null;
    let most = 0;
    for (const one of leaf.templates) {
      const share = sameShare(one.words, words);
      if (share > most) [best, most] = [one, share];
    }
    if (best !== null && most >= similarityLeast) {
      best.words = best.words.map((word, at) => (word === words[at] ? word : wildcard));
      return best.id;
    }
    const isFull = leaf.templates.length >= minerLimits.leaf;
    if (isFull || this.#templates.length >= minerLimits.templates) return null;
    const id = this.#templates.length;
    const made = { id, app, words, example: line.slice(0, minerLimits.lineLength) };
    leaf.templates.push(made);
    this.#templates.push(made);
    return id;
  }

  #leafOf(app: string, words: readonly string[]): Node {
    let node = child(this.#root, `${words.length} ${app}`);
    for (const word of words.slice(0, leadingWords)) {
      // What has something in it that changes must not lead two lines of a template apart.
      node = child(node, word.includes(wildcard) ? wildcard : word);
    }
    return node;
  }
}

function newNode(): Node {
  return { next: new Map(), templates: [] };
}

function child(node: Node, key: string): Node {
  const isFull = !node.next.has(key) && node.next.size >= minerLimits.branches;
  const known = isFull ? wildcard : key;
  const found = node.next.get(known) ?? newNode();
  node.next.set(known, found);
  return found;
}

function sameShare(template: readonly string[], words: readonly string[]): number {
  let same = 0;
  let compared = 0;
  for (const [at, word] of words.entries()) {
    const known = template[at] ?? '';
    if (known === wildcard || (word === known && word.includes(wildcard))) continue;
    compared += 1;
    if (known === word) same += 1;
  }
  return compared === 0 ? 1 : same / compared;
}

/** Words of a line with what is a number, an address or a generated name taken for `<*>`. */
function wordsOf(line: string): string[] {
  return line
    .slice(0, minerLimits.lineLength)
    .trim()
    .split(/\s+/)
    .slice(0, minerLimits.words)
    .map((word) => (/\d/.test(word) ? masked(word) : word));
}

function masked(word: string): string {
  return (
    word
      .replace(/0x[0-9a-f]+/gi, wildcard)
      // Letters behind digits: a name that a program made up, such as vethf18bb91, or a hash.
      .replace(/[\p{L}]*\d[\p{L}\d]*[\p{L}][\p{L}\d]*/gu, wildcard)
      .replace(/\d+/g, wildcard)
      .replace(/<\*>(?:[.:,/-]?<\*>)+/g, wildcard)
  );
}
