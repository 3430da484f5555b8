import { demangled } from './rust-symbol.ts';

/** One line of a call trace. */
export interface Frame {
  /** Name as printed, compiler suffixes included. */
  readonly symbol: string;
  /** Name without compiler suffixes and the wrappers of system calls. */
  readonly function: string;
  readonly offset: number | null;
  readonly size: number | null;
  /** Module that owns the function; null for the kernel's own. */
  readonly module: string | null;
  /** false where the kernel marked it '?' or '(unreliable)': left on the stack, not surely called. */
  readonly isReliable: boolean;
  readonly isInlined: boolean;
  /** `net/core/dev.c:123` in a report that somebody symbolised. */
  readonly source: string | null;
}

const name = String.raw`(?:[A-Za-z_$.][\w$.]*|<[^\n]{1,200}?>(?:::[\w$<>{}#]+)+|[A-Za-z_][\w$]*(?:::[\w$<>{}#]+)+)`;
const place = String.raw`(?:0x([0-9a-f]{1,8})\/0x([0-9a-f]{1,8}))`;
const module = String.raw`(?: \[([\w-]{1,64})(?: [0-9a-f]{8,64})?\])?`;
const source = String.raw`(?: ([\w./+-]{1,200}:\d{1,7}))?`;
const address = String.raw`(?:\(?\[\s?<?[0-9a-f]{8,16}>?\]\)? ?)`;

const full = new RegExp(
  String.raw`^[\s>#\d]*(\(?)${address}{0,2}\s*(\?)? ?(${name})\+${place}\)?` +
    String.raw`${module}${source}( \(unreliable\)| \(P\)| \(L\)| \(U\)| \[inline\])?`,
);
const armOld = new RegExp(
  String.raw`^\s*${address}(\?)? ?\((${name})(?:\+${place})?${module}\) from ${address}`,
);
const armNew = new RegExp(String.raw`^\s(${name})${module} from (${name})\+${place}`);
const inlined = new RegExp(
  String.raw`^\s*${address}{0,2}(\?)? ?(${name}) ([\w./+-]{1,200}\.[chS]:\d{1,7})( \[inline\])?$`,
);

/** The frame on a line of a call trace, or null. */
export function parseFrame(text: string): Frame | null {
  const from = armOld.exec(text);
  if (from !== null) {
    return frameOf(from[2], from[1] === undefined, from[3], from[4], from[5]);
  }
  const short = armNew.exec(text);
  if (short !== null) return frameOf(short[1], true, undefined, undefined, short[2]);
  const found = full.exec(text);
  if (found !== null) {
    const isReliable = found[2] === undefined && found[8] !== ' (unreliable)';
    return frameOf(found[3], isReliable, found[4], found[5], found[6], found[7]);
  }
  const inline = inlined.exec(text);
  if (inline === null) return null;
  const frame = frameOf(
    inline[2],
    inline[1] === undefined,
    undefined,
    undefined,
    undefined,
    inline[3],
  );
  return { ...frame, isInlined: inline[4] !== undefined };
}

const suffix =
  /\.(?:isra|constprop|part|cold|llvm|lto_priv|localalias|ipa|clone|stub|pfn)(?:\.\d+)*(?=\.|$)/g;
const syscall = /^__(?:x64|ia32|arm64|riscv|s390x?|se|x32|do|powerpc|loongarch)_(?:compat_)?sys_/;

/** A function's name as it stays over compilers and builds: no `.isra.0`, no system call wrapper. */
export function plainFunction(symbol: string): string {
  if (symbol.startsWith('_')) {
    const path = demangled(symbol.replace(suffix, ''));
    if (path.includes('::')) return path;
  }
  const plain = symbol
    .replace(suffix, '')
    .replace(/\.\d+$/, '')
    .replace(/^\.(?=\w)/, '');
  return syscall.test(plain) ? plain.replace(syscall, 'sys_') : plain;
}

function frameOf(
  symbol = '',
  isReliable = true,
  offset?: string,
  size?: string,
  inModule?: string,
  at?: string,
): Frame {
  return {
    symbol,
    function: plainFunction(symbol),
    offset: offset === undefined ? null : Number.parseInt(offset, 16),
    size: size === undefined ? null : Number.parseInt(size, 16),
    module: inModule ?? null,
    isReliable,
    isInlined: false,
    source: at ?? null,
  };
}

/** A frame of which only the name is known. */
export function frameNamed(symbol: string): Frame {
  return frameOf(symbol);
}
