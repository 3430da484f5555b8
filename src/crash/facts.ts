import type { LogLine } from './envelope.ts';
import { type Frame, parseFrame } from './frame.ts';

/** Who, where and on what, as a report's lines say it; null for what they don't. */
export interface Facts {
  readonly process: string | null;
  readonly pid: number | null;
  readonly cpu: number | null;
  readonly taint: string | null;
  readonly release: string | null;
  readonly hardware: string | null;
  readonly architecture: string | null;
  readonly registers: Readonly<Record<string, string>>;
  /** The instruction pointer in the kernel, and the line it is on. */
  readonly pointer: { readonly frame: Frame; readonly index: number } | null;
}

const who = new RegExp(
  [
    String.raw`(?:CPU: (\d+) )?(?:UID: \d+ )?P[Ii][Dd]: (\d+),? [Cc]omm: (.{1,32}?) (?:Kdump: loaded )?(?:(Not tainted)|`,
    String.raw`Tainted: ((?:\[\w+\]=\w+(?:, ?)?|`,
    String.raw`[A-Z ](?![a-z\d]))+))\s*(\S+)(?: #\S+)?(?: (?!PREEMPT| ?Debian )([^#(].*))?`,
  ].join(''),
);
const release = /^(?:\s*)(\d\.\d+[\w.+~-]*) #\S+ (?:Not tainted|Tainted)/;
// As hung tasks and stalls have it: on a line of its own.
const tainted = /^\s+(?:(Not tainted)|Tainted: ([A-Z ]+?))\s+(\d\.\d+[\w.+~-]*) #\d/;
const hardware = /^Hardware name: (.+)$/;
const processor = /\bCPU[:#] ?(\d+)\b/;
const task = /(?:by task|task) (?! )(.{1,32}?)[/:](\d+)\b(?!:\d)/;
const shown = /^task:(\S.{0,31}?) +state:.*\bpid:\s*(\d+)\b/;
const register = new RegExp(
  [
    String.raw`\b(R[A-D]X|R[SD]I|RBP|RSP|R\d\d|CR[0-4]|E[A-D]X|E[SD]I|EBP|ESP|EFLAGS|GPR\d\d|`,
    String.raw`x\d{1,2}|r\d{1,2}|sp|lr|pc|fp|ip|epc|ra|gp|tp|t\d|s\d{1,2}|`,
    String.raw`a\d)\s*: (?:[0-9a-f]{4}:)?([0-9a-f]{8,16})\b`,
  ].join(''),
  'g',
);
const pointers: readonly RegExp[] = [
  /^\s*RIP: (?:0010|e030|0018|0008|0060):(?:\[<[0-9a-f]+>\]\s*)*(?:\[<[0-9a-f]+>\]\s*)?(.+)$/,
  /^\s*(?:RIP|IP|EIP): (?:[0-9a-f]{4}:)?(?:\[<[0-9a-f]+>\]\s*)*([A-Za-z_$.<].+)$/,
  /^\s*RIP +(?:\[<[0-9a-f]+>\]\s*)?([A-Za-z_$.<].+)$/,
  /^\s*(?:PC|EIP) is at (.+)$/,
  /^\s*(?:pc|epc) : (?:\[<[0-9a-f]+>\] )?([A-Za-z_$.<].+)$/,
  /^\s*NIP (?:\[[0-9a-f]+\] )?([A-Za-z_$.<].+)$/,
  /^\s*Krnl PSW : [0-9a-f]{8,16} [0-9a-f]{8,16} \((.+)\)$/,
  /^\s*(?:epc|Pc|era|ERA)\s*: (?:[0-9a-f]{8,16} )([A-Za-z_$.<].+)$/,
];
const maxRegisters = 96;

/** Reads the facts from a report's lines. */
export function factsOf(lines: readonly LogLine[]): Facts {
  const facts: { -readonly [K in keyof Facts]: Facts[K] } = {
    process: null,
    pid: null,
    cpu: null,
    taint: null,
    release: null,
    hardware: null,
    architecture: null,
    registers: {},
    pointer: null,
  };
  const registers: Record<string, string> = {};
  let count = 0;
  for (const [index, { text }] of lines.entries()) {
    if (facts.release === null) {
      const found = who.exec(text);
      if (found !== null) {
        facts.cpu = found[1] === undefined ? facts.cpu : Number(found[1]);
        facts.pid = Number(found[2]);
        facts.process = found[3] ?? null;
        facts.taint = found[4] === undefined ? taintLetters(found[5] ?? '') : '';
        facts.release = found[6] ?? null;
        facts.hardware ??= found[7]?.trim() ?? null;
      }
      const alone = release.exec(text);
      if (found === null && alone !== null) facts.release = alone[1] ?? null;
      const own = tainted.exec(text);
      if (found === null && own !== null) {
        facts.taint = own[1] === undefined ? taintLetters(own[2] ?? '') : '';
        facts.release = own[3] ?? null;
      }
    }
    const machine = hardware.exec(text);
    if (machine !== null) facts.hardware ??= (machine[1] ?? '').trim();
    facts.architecture ??= architectureOf(text);
    if (facts.pointer === null) {
      const frame = pointerIn(text);
      if (frame !== null) facts.pointer = { frame, index };
    }
    if (facts.cpu === null) {
      const cpu = processor.exec(text);
      if (cpu !== null) facts.cpu = Number(cpu[1]);
    }
    if (facts.process === null) {
      const named = task.exec(text) ?? shown.exec(text);
      if (named !== null) {
        facts.process = named[1] ?? null;
        facts.pid = Number(named[2]);
      }
    }
    for (const [, name = '', value = ''] of text.matchAll(register)) {
      if (count < maxRegisters && !Object.hasOwn(registers, name)) {
        registers[name] = value;
        count++;
      }
    }
  }
  return { ...facts, registers };
}

/** The PID on the line that says whose stack follows (`CPU: 1 PID: 812 Comm: …`), or null. */
export function cpuLineOf(text: string): number | null {
  const found = /^\s*(?:CPU: \d+ (?:UID: \d+ )?PID: |Pid: )(\d+),? [Cc]omm: /.exec(text);
  return found === null ? null : Number(found[1]);
}

function taintLetters(text: string): string {
  const named = [...text.matchAll(/\[(\w+)\]=(?:\w+)/g)].map((match) => match[1]);
  return named.length > 0 ? named.join(',') : text.replace(/\s+/g, '').replaceAll('G', '');
}

/** The place in the kernel that a line with the instruction pointer names, or null. */
export function pointerIn(text: string): Frame | null {
  for (const pattern of pointers) {
    const found = pattern.exec(text);
    if (found === null) continue;
    const frame = parseFrame((found[1] ?? '').trim());
    if (frame !== null) return frame;
  }
  return null;
}

function architectureOf(text: string): string | null {
  if (/^\s*(?:RIP|RAX|RBP): /.test(text)) return 'x86_64';
  if (/^\s*(?:EIP|EAX): /.test(text)) return 'i386';
  if (/^\s*(?:pstate: [0-9a-f]{8}|x2[0-9]\s*: [0-9a-f]{16})/.test(text)) return 'arm64';
  if (/^\s*Internal error: .* ARM$|^\s*r10: [0-9a-f]{8} /.test(text)) return 'arm';
  if (/^\s*epc : |^\s*status: [0-9a-f]{16} badaddr/.test(text)) return 'riscv64';
  if (/^\s*NIP[: ]|^\s*GPR\d\d: /.test(text)) return 'ppc64';
  if (/^\s*Krnl (?:PSW|GPRS|Code)/.test(text)) return 's390x';
  return null;
}
