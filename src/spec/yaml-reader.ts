// YAML text to plain data that remembers where each part stands. The conversion is our own, for
// three reasons: positions, an exact account of what aliases expand to, and one pass for duplicate
// keys (the library compares each key with all before it).

import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  parseAllDocuments,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import type { Finding } from '../domain/errors.ts';
import { excessOf } from './yaml-budget.ts';
import { nestedTooDeep, yamlMessage } from './yaml-message.ts';

/** Steps from the root of a document: keys of mappings and indexes of lists. */
export type Path = readonly (string | number)[];

/** A place in the text, both counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One document of a YAML text as plain data. */
export interface YamlDocument {
  readonly value: unknown;
  /** The node at `path`, aliases followed; null where there is none. */
  node(path: Path): Node | null;
  /** Where the value at `path` stands, or, where there is none, the nearest thing around it. */
  positionOf(path: Path): Position;
  /** Where the key of the entry at `path` stands. */
  positionOfKey(path: Path): Position;
}

/** A parsed text. `documents` is empty where there are findings. */
export interface YamlText {
  readonly documents: readonly YamlDocument[];
  readonly findings: readonly Finding[];
}

const findingsMax = 100;
const depthMax = 32;
/** Most values a text may come to with all aliases expanded. */
const valuesMax = 2_000_000;

/** Reads YAML 1.2. Never throws: what is wrong is in `findings`. Empty documents are left out. */
export function readYaml(text: string): YamlText {
  const positionAt = positionsIn(text);
  const excess = excessOf(text);
  if (excess !== null) {
    const finding = { ...positionAt(excess.offset), message: excess.message };
    return { documents: [], findings: [finding] };
  }
  try {
    const parsed = parseAllDocuments(text, {
      logLevel: 'silent',
      prettyErrors: false,
      stringKeys: true,
      uniqueKeys: false,
      version: '1.2',
    });
    const documents: Document.Parsed[] = Array.isArray(parsed) ? [...parsed] : [];
    const faults = documents.flatMap(({ errors, warnings }) => [...errors, ...warnings]);
    if (faults.length > 0) {
      // What follows at the same place follows from the first fault there.
      const places = new Map(faults.toReversed().map((fault) => [fault.pos[0], fault]));
      const findings = [...places.values()]
        .toSorted((a, b) => a.pos[0] - b.pos[0])
        .slice(0, findingsMax)
        .map((fault) => ({ ...positionAt(fault.pos[0]), message: yamlMessage(fault) }));
      return { documents: [], findings };
    }
    return convert(documents, positionAt);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { documents: [], findings: [{ line: 1, column: 1, message: nestedTooDeep }] };
  }
}

// The library's own line counter misses line ends inside of some broken scalars.
function positionsIn(text: string): (offset: number) => Position {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    const within = Math.min(offset, text.length);
    let [low, high] = [0, starts.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] ?? 0) <= within) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: within - (starts[low] ?? 0) + 1 };
  };
}

function convert(
  documents: readonly Document.Parsed[],
  positionAt: (offset: number) => Position,
): YamlText {
  const converted: YamlDocument[] = [];
  const findings: Finding[] = [];
  let left = valuesMax;
  for (const { contents } of documents) {
    if (contents === null || (isScalar(contents) && contents.value === null)) continue;
    const converter = new Converter(positionAt, left);
    const value = converter.convert(contents);
    left = converter.valuesLeft;
    findings.push(...converter.findings);
    converted.push({ value, ...lookups(contents, converter.targets, positionAt) });
  }
  if (findings.length > 0) return { documents: [], findings: findings.slice(0, findingsMax) };
  return { documents: converted, findings: [] };
}

class Converter {
  readonly findings: Finding[] = [];
  /** What each alias stands for. */
  readonly targets = new Map<Node, Node>();
  valuesLeft: number;
  readonly #positionAt: (offset: number) => Position;
  readonly #anchors = new Map<string, Node>();
  readonly #done = new Map<Node, { readonly value: unknown; readonly size: number }>();
  #depth = 0;

  constructor(positionAt: (offset: number) => Position, valuesLeft: number) {
    this.#positionAt = positionAt;
    this.valuesLeft = valuesLeft;
  }

  convert(node: unknown): unknown {
    if (!isNode(node)) return null;
    if (isAlias(node)) return this.#expand(node, node.source);
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    const before = this.valuesLeft;
    this.#take(1, node);
    const value = this.#inside(node);
    if (node.anchor !== undefined) this.#done.set(node, { value, size: before - this.valuesLeft });
    return value;
  }

  #inside(node: Node): unknown {
    if (isScalar(node)) return this.#scalar(node);
    if (this.#depth >= depthMax) {
      this.#report(node, `collections are nested more than ${depthMax} deep here`);
      return null;
    }
    this.#depth += 1;
    const value = isMap(node)
      ? this.#mapping(node)
      : isSeq(node)
        ? node.items.map((item) => this.convert(item))
        : null;
    this.#depth -= 1;
    return value;
  }

  #scalar(node: Scalar): unknown {
    const { value } = node;
    if (typeof value === 'string') return this.#string(value, node);
    if (value === null || typeof value === 'boolean' || typeof value === 'number') return value;
    this.#report(node, 'values of this kind are not allowed: write plain text, a number or a list');
    return null;
  }

  // PostgreSQL stores no NUL, and UTF-8 has no lone surrogates.
  #string(value: string, node: Node): string {
    if (value.includes('\0')) this.#report(node, 'the text holds a NUL character: remove it');
    if (!value.isWellFormed()) {
      this.#report(node, 'the text holds half of a surrogate pair: write the whole character');
    }
    return value;
  }

  #mapping(map: YAMLMap): unknown {
    const entries: Record<string, unknown> = Object.create(null);
    for (const { key, value } of map.items) {
      if (!isScalar(key) || typeof key.value !== 'string') {
        this.#report(isNode(key) ? key : map, 'the name of a field must be plain text');
        continue;
      }
      const name = this.#string(key.value, key);
      if (name in entries) this.#report(key, `'${name}' stands twice here: remove one of the two`);
      if (name === '__proto__') this.#report(key, "'__proto__' is not allowed as a name");
      else entries[name] = this.convert(value);
    }
    return entries;
  }

  #expand(alias: Node, name: string): unknown {
    const target = this.#anchors.get(name);
    if (target === undefined) {
      this.#report(alias, `there is no '&${name}' before '*${name}'`);
      return null;
    }
    const done = this.#done.get(target);
    if (done === undefined) {
      this.#report(alias, `'*${name}' stands inside of what it names`);
      return null;
    }
    this.targets.set(alias, target);
    this.#take(done.size, alias);
    return done.value;
  }

  #take(values: number, node: Node): void {
    if (this.valuesLeft >= 0 && this.valuesLeft < values) {
      this.#report(node, `the text comes to more than ${valuesMax} values with this one`);
    }
    this.valuesLeft -= values;
  }

  #report(node: Node, message: string): void {
    if (this.findings.length >= findingsMax) return;
    this.findings.push({ ...this.#positionAt(node.range?.[0] ?? 0), message });
  }
}

function lookups(
  contents: Node,
  targets: ReadonlyMap<Node, Node>,
  positionAt: (offset: number) => Position,
): Omit<YamlDocument, 'value'> {
  const follow = (value: unknown): Node | null =>
    isNode(value) ? (targets.get(value) ?? value) : null;
  const step = (node: Node | null, key: string | number): Node | null => {
    if (isSeq(node) && typeof key === 'number') return follow(node.items[key]);
    return isMap(node) ? follow(pairOf(node, key)?.value) : null;
  };
  const start = (node: Node | null) => positionAt(node?.range?.[0] ?? 0);
  const nodeAt = (path: Path) => path.reduce(step, follow(contents));
  const nearest = (path: Path): Node | null => {
    let node = follow(contents);
    for (const key of path) {
      const next = step(node, key);
      if (next === null) break;
      node = next;
    }
    return node;
  };
  return {
    node: nodeAt,
    positionOf: (path) => start(nearest(path)),
    positionOfKey: (path) => {
      const parent = nodeAt(path.slice(0, -1));
      const key = isMap(parent) ? pairOf(parent, path.at(-1) ?? '')?.key : null;
      return start(isNode(key) ? key : nearest(path));
    },
  };
}

function pairOf(map: YAMLMap, name: string | number) {
  return map.items.find(({ key }) => isScalar(key) && key.value === String(name));
}

function isNode(value: unknown): value is Node {
  return isScalar(value) || isMap(value) || isSeq(value) || isAlias(value);
}
