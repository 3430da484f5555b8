// Rust's symbols as people write them. Source: RFC 2603, "Rust symbol name mangling v0", and for the
// form before it rustc's legacy mangling (`_ZN…17h<hash>E`).

const maxLength = 1024;
const maxDepth = 64;
const maxText = 400;

const basic: Readonly<Record<string, string>> = {
  a: 'i8',
  b: 'bool',
  c: 'char',
  d: 'f64',
  e: 'str',
  f: 'f32',
  h: 'u8',
  i: 'isize',
  j: 'usize',
  l: 'i32',
  m: 'u32',
  n: 'i128',
  o: 'u128',
  p: '_',
  s: 'i16',
  t: 'u16',
  u: '()',
  v: '...',
  x: 'i64',
  y: 'u64',
  z: '!',
};

/**
 * A mangled Rust symbol as a path, without the hashes of crates, which every compiler makes anew.
 *
 * @returns the symbol as it was where it is none, or one that this doesn't know
 */
export function demangled(symbol: string): string {
  if (symbol.length > maxLength) return symbol;
  if (/^_R[A-Z]/.test(symbol)) return new Reader(symbol).symbol() ?? symbol;
  const legacy = /^_ZN((?:\d.*)?)17h[0-9a-f]{16}E$/.exec(symbol);
  if (legacy === null) return symbol;
  return legacyPath(legacy[1] ?? '') ?? symbol;
}

function legacyPath(text: string): string | null {
  const parts: string[] = [];
  for (let at = 0; at < text.length; ) {
    const digits = /^\d{1,4}/.exec(text.slice(at, at + 4))?.[0];
    const length = Number(digits ?? 0);
    if (digits === undefined || length === 0 || at + digits.length + length > text.length)
      return null;
    at += digits.length;
    parts.push(text.slice(at, at + length));
    at += length;
  }
  return parts.length === 0 ? null : parts.join('::');
}

/** Thrown inside this file only, where a symbol doesn't follow the grammar. */
class Malformed extends Error {}

class Reader {
  readonly #text: string;
  #at = 2;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  symbol(): string | null {
    try {
      return this.#path(true);
    } catch (error) {
      if (error instanceof Malformed) return null;
      throw error;
    }
  }

  #next(): string {
    const char = this.#text[this.#at];
    if (char === undefined) throw new Malformed();
    this.#at++;
    return char;
  }

  #takes(char: string): boolean {
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  // Runs a rule one level deeper; what a symbol refers back to can be long, and refer further.
  #deeper(rule: () => string): string {
    if (++this.#depth > maxDepth) throw new Malformed();
    const text = rule();
    this.#depth--;
    if (text.length > maxText) throw new Malformed();
    return text;
  }

  #path(isValue: boolean): string {
    return this.#deeper(() => {
      const tag = this.#next();
      if (tag === 'C') return this.#identifier();
      if (tag === 'B') return this.#back(() => this.#path(isValue));
      if (tag === 'N') return this.#nested(isValue);
      if (tag === 'M' || tag === 'X') {
        this.#number62('s');
        this.#path(false);
      }
      if (tag === 'M') return `<${this.#type()}>`;
      if (tag === 'X' || tag === 'Y') return `<${this.#type()} as ${this.#path(false)}>`;
      if (tag !== 'I') throw new Malformed();
      const of = this.#path(isValue);
      return `${of}${isValue ? '::' : ''}<${this.#many(() => this.#argument()).join(', ')}>`;
    });
  }

  #nested(isValue: boolean): string {
    const space = this.#next();
    const inside = this.#path(isValue);
    const number = this.#number62('s');
    const name = this.#name();
    if (/[a-z]/.test(space)) return name === '' ? inside : `${inside}::${name}`;
    const what = space === 'C' ? 'closure' : space === 'S' ? 'shim' : space;
    return `${inside}::{${what}${name === '' ? '' : `:${name}`}#${number}}`;
  }

  #argument(): string {
    if (this.#takes('L')) {
      this.#base62();
      return "'_";
    }
    return this.#takes('K') ? this.#constant() : this.#type();
  }

  #type(): string {
    return this.#deeper(() => {
      const tag = this.#text[this.#at] ?? '';
      const simple = basic[tag];
      if (simple !== undefined) {
        this.#at++;
        return simple;
      }
      if (/[CMXYNI]/.test(tag)) return this.#path(false);
      this.#at++;
      if (tag === 'B') return this.#back(() => this.#type());
      if (tag === 'A') return `[${this.#type()}; ${this.#constant()}]`;
      if (tag === 'S') return `[${this.#type()}]`;
      if (tag === 'T') return `(${this.#many(() => this.#type()).join(', ')})`;
      if (tag === 'P') return `*const ${this.#type()}`;
      if (tag === 'O') return `*mut ${this.#type()}`;
      if (tag !== 'R' && tag !== 'Q') throw new Malformed();
      if (this.#takes('L')) this.#base62();
      return `&${tag === 'Q' ? 'mut ' : ''}${this.#type()}`;
    });
  }

  #constant(): string {
    if (this.#takes('p')) return '_';
    if (this.#takes('B')) return this.#back(() => this.#constant());
    this.#type();
    const digits = /^n?[0-9a-f]*_/.exec(this.#text.slice(this.#at, this.#at + 40))?.[0];
    if (digits === undefined) throw new Malformed();
    this.#at += digits.length;
    return `0x${digits.slice(0, -1)}`;
  }

  #many(rule: () => string): string[] {
    const all: string[] = [];
    while (!this.#takes('E')) all.push(rule());
    return all;
  }

  #back(rule: () => string): string {
    const from = this.#at - 1;
    const to = this.#base62() + 2;
    if (to >= from) throw new Malformed();
    const after = this.#at;
    this.#at = to;
    const text = this.#deeper(rule);
    this.#at = after;
    return text;
  }

  #identifier(): string {
    this.#number62('s');
    return this.#name();
  }

  #name(): string {
    this.#takes('u');
    const digits = /^(?:0|[1-9]\d{0,3})/.exec(this.#text.slice(this.#at, this.#at + 4))?.[0];
    if (digits === undefined) throw new Malformed();
    this.#at += digits.length;
    this.#takes('_');
    const end = this.#at + Number(digits);
    if (end > this.#text.length) throw new Malformed();
    const name = this.#text.slice(this.#at, end);
    this.#at = end;
    return name;
  }

  // A number after its tag; 0 where there is none, for one counts from 1 then.
  #number62(tag: string): number {
    return this.#takes(tag) ? this.#base62() + 1 : 0;
  }

  #base62(): number {
    let value = 0;
    for (let isFirst = true; ; isFirst = false) {
      const char = this.#next();
      if (char === '_') return isFirst ? 0 : value + 1;
      const digit = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'.indexOf(char);
      if (digit < 0) throw new Malformed();
      value = value * 62 + digit;
    }
  }
}
