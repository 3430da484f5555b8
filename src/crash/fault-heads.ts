import type { Head } from './heads.ts';

const fn = String.raw`(?<fn>[A-Za-z_$.<][^\s+,]*?)`;
const at = String.raw`(?:\+0x[0-9a-f]+(?:\/0x[0-9a-f]+)?)`;

const kasan = 'KASAN: $1';

/** Heads of what a check, the processor or the kernel itself found wrong, the most telling first. */
export const faultHeads: readonly Head[] = [
  // A console that shows the firmware again, though nobody asked for a reboot: see the cutter.
  {
    kind: 'reboot',
    pattern: /^SeaBIOS \(version/,
    title: 'unexpected kernel reboot',
    source: 'none',
    isBrief: true,
  },
  // Sanitizers.
  {
    kind: 'kasan',
    pattern: new RegExp(`BUG: KASAN: double-free or invalid-free in ${fn}(?:${at}|$| )`),
    title: 'KASAN: invalid-free',
    source: 'trace',
  },
  {
    kind: 'kasan',
    pattern: /BUG: KASAN: (?:double-free|invalid-free)/,
    title: 'KASAN: invalid-free',
    source: 'trace',
  },
  {
    kind: 'kasan',
    pattern: new RegExp(
      `BUG: KASAN: ([a-z-]+)(?: Read| Write)?(?: in ${fn}(?:${at}|$| )| on address|$)`,
    ),
    title: `${kasan} $$`,
    source: 'head',
    needs: /^\s*(Read|Write) (?:of size|at addr)/,
    bare: kasan,
  },
  {
    kind: 'kcsan',
    pattern: /BUG: KCSAN: (assert: race) in (?<fn>[\w.]+(?: \/ [\w.]+)?)/,
    title: 'KCSAN: $1',
    source: 'head',
  },
  {
    kind: 'kcsan',
    pattern: /BUG: KCSAN: ([a-z-]+) in (?<fn>[\w.]+(?: \/ [\w.]+)?)/,
    title: 'KCSAN: $1',
    source: 'head',
  },
  {
    kind: 'kmsan',
    pattern: new RegExp(`BUG: KMSAN: ([a-z-]+) in ${fn}(?:${at}|$| )`),
    title: 'KMSAN: $1',
    source: 'head',
  },
  {
    kind: 'kfence',
    pattern: new RegExp(`BUG: KFENCE: ([a-z -]+?) in ${fn}(?:${at}|$| )`),
    title: 'KFENCE: $1',
    source: 'head',
  },
  {
    kind: 'ubsan',
    pattern: /UBSAN: Undefined behaviour in /,
    title: 'UBSAN: undefined-behaviour',
    source: 'trace',
  },
  { kind: 'ubsan', pattern: /UBSAN: ([a-z-]+) in \S+/, title: 'UBSAN: $1', source: 'trace' },
  { kind: 'memory-leak', pattern: /BUG: memory leak/, title: 'memory leak', source: 'trace' },
  // Lock checks.
  {
    kind: 'lockdep',
    pattern: new RegExp(
      [
        String.raw`(WARNING|INFO): (possible circular locking dependency detected|`,
        String.raw`possible recursive locking detected|possible irq lock inversion dependency detected|`,
        String.raw`[\w-]{1,20}-safe -> [\w-]{1,20}-unsafe lock order detected)`,
      ].join(''),
    ),
    title: 'possible deadlock',
    source: 'lock',
    needs: /\b(is trying to (?:acquire|lock)|just changed the state|takes:)/,
    bare: '$1: $2',
  },
  {
    kind: 'lockdep',
    pattern: /\binconsistent lock state/,
    title: 'inconsistent lock state',
    source: 'lock',
  },
  {
    kind: 'lockdep',
    pattern: /(?:WARNING: |INFO: |\[ ?)suspicious (?:RCU|rcu_dereference_check\(\)) usage/,
    title: 'WARNING: suspicious RCU usage',
    source: 'trace',
    needs: /^\s*(stack backtrace:)/,
    bare: 'WARNING: suspicious RCU usage',
  },
  {
    kind: 'lockdep',
    pattern: /(BUG|WARNING): (bad unlock balance|bad contention) ?(?:detected)?!/,
    title: '$1: $2',
    source: 'trace',
  },
  {
    kind: 'lockdep',
    pattern: /WARNING: [Nn]ested lock was not taken/,
    title: 'WARNING: nested lock was not taken',
    source: 'trace',
  },
  {
    kind: 'lockdep',
    pattern: /BUG: Invalid wait context/,
    title: 'WARNING: locking bug',
    source: 'trace',
  },
  {
    kind: 'lockdep',
    pattern: /(BUG|WARNING): (held lock freed) ?(?:detected)?!/,
    title: '$1: $2',
    source: 'lock',
  },
  {
    kind: 'lockdep',
    pattern:
      /(BUG|WARNING): (?:\S{1,40} )?(lock held when returning to user space|lock held at task exit time|still has locks held)/,
    title: '$1: $2',
    source: 'lock',
    isBrief: true,
  },
  {
    kind: 'lockdep',
    pattern: /INFO: (trying to register non-static key)/,
    title: 'INFO: $1',
    source: 'trace',
  },
  {
    kind: 'lockdep',
    pattern: /BUG: (MAX_[A-Z_]+ too low!)/,
    title: 'BUG: $1',
    source: 'none',
    isBrief: true,
  },
  {
    kind: 'lockdep',
    pattern: new RegExp(
      [
        String.raw`BUG: ((?:spin|rw)lock (?:recursion|already unlocked|bad magic|lockup suspected|`,
        String.raw`lockup|wrong owner|wrong CPU|cpu recursion|trylock failure on UP))\b`,
      ].join(''),
    ),
    title: 'BUG: $1',
    source: 'trace',
  },
  // Rust's panic, then the machinery that ends in a BUG.
  {
    kind: 'bug',
    pattern: /rust_kernel: panicked at /,
    title: '$$',
    source: 'trace',
    needs: /^(\S.{0,160})$/,
    bare: 'rust panic',
  },
  // Faults of the processor.
  {
    kind: 'null-dereference',
    pattern: new RegExp(
      [
        String.raw`(?:BUG: )?(?:[Uu]nable to handle kernel NULL pointer dereference|`,
        String.raw`kernel NULL pointer dereference, address:|Kernel NULL pointer dereference (?:on|at))`,
      ].join(''),
    ),
    title: 'BUG: unable to handle kernel NULL pointer dereference',
    source: 'pointer',
  },
  {
    kind: 'paging-request',
    pattern: new RegExp(
      [
        String.raw`(?:BUG: )?[Uu]nable to handle (?:kernel paging request|page fault for address|`,
        String.raw`kernel (?:data access|instruction fetch|access|execut(?:e|ion)|read|write|`,
        String.raw`pointer dereference))`,
      ].join(''),
    ),
    title: 'BUG: unable to handle kernel paging request',
    source: 'pointer',
  },
  {
    kind: 'paging-request',
    pattern: /BUG: unable to handle kernel/,
    title: 'BUG: unable to handle kernel',
    source: 'none',
  },
  {
    kind: 'trap',
    pattern: /^\s*(Unhandled (?:fault|prefetch abort)):/,
    title: '$1',
    source: 'pointer',
  },
  {
    kind: 'stack-overflow',
    pattern: /BUG: (?:\w+ )?stack guard page was hit/,
    title: 'BUG: stack guard page was hit',
    source: 'stall',
  },
  {
    kind: 'stack-overflow',
    pattern: /PANIC: double fault/,
    title: 'PANIC: double fault',
    source: 'pointer',
  },
  {
    kind: 'stack-overflow',
    pattern: /(?:Insufficient stack space to handle exception|kernel stack overflow)/,
    title: 'kernel stack overflow',
    source: 'stall',
  },
  {
    kind: 'general-protection-fault',
    pattern: /general protection fault(?:,|:| )/,
    title: 'general protection fault',
    source: 'pointer',
  },
  { kind: 'trap', pattern: /\bdivide[ _]error: /, title: 'divide error', source: 'pointer' },
  { kind: 'trap', pattern: /\bstack segment: /, title: 'stack segment fault', source: 'pointer' },
  {
    kind: 'trap',
    pattern: new RegExp(
      [
        String.raw`\b(int3|alignment check|bounds|overflow|debug|segment not present|invalid TSS|`,
        String.raw`control protection|simd exception|fpu exception|coprocessor segment overrun|`,
        String.raw`double fault): [0-9a-f]{4} \[#`,
      ].join(''),
    ),
    title: '$1',
    source: 'pointer',
  },
  // What the kernel itself gave up on.
  {
    kind: 'list-corruption',
    pattern: /kernel BUG at \S*lib\/list_debug\.c/,
    title: 'BUG: corrupted list',
    source: 'pointer',
  },
  {
    kind: 'bug',
    pattern: /kernel BUG at \S*mm\/usercopy\.c/,
    title: 'BUG: bad usercopy',
    source: 'pointer',
  },
  { kind: 'bug', pattern: /kernel BUG at \S+/, title: 'kernel BUG', source: 'pointer' },
  {
    kind: 'bug',
    pattern: /BUG: failure at \S+\/(?<fn>\w+)\(\)!/,
    title: 'kernel BUG',
    source: 'head',
  },
  {
    kind: 'trap',
    pattern: /\binvalid opcode: [0-9a-f]{4} /,
    title: 'invalid opcode',
    source: 'pointer',
  },
  {
    kind: 'trap',
    pattern: /Internal error: .{0,80}\[#\d+\]/,
    title: 'Internal error',
    source: 'pointer',
  },
  // Where nothing was said before: RISC-V's traps, and PowerPC's.
  {
    kind: 'trap',
    pattern: /^\s*(Oops - [a-z ]{4,40}) \[#\d+\]/,
    title: '$1',
    source: 'pointer',
  },
  {
    kind: 'trap',
    pattern: /^\s*Oops: ([A-Z][A-Za-z ]{4,40}), sig: \d+ \[#\d+\]/,
    title: 'Oops: $1',
    source: 'pointer',
  },
  // Warnings, by the check that spoke.
  ...(
    [
      ['lib\\/refcount\\.c', 'WARNING: refcount bug'],
      ['lib\\/debugobjects\\.c', 'WARNING: ODEBUG bug'],
      ['lib\\/kobject\\.c', 'WARNING: kobject bug'],
      ['fs\\/proc\\/generic\\.c', 'WARNING: proc registration bug'],
      ['mm\\/(?:slab_common\\.c:\\d+ kmalloc_|util)\\.?c?', 'WARNING: kmalloc bug'],
      ['kernel\\/(?:locking\\/)?lockdep\\.c', 'WARNING: locking bug'],
      ['mm\\/vmalloc\\.c', 'WARNING: zero-size vmalloc'],
    ] as const
  ).map(([file, title]) => ({
    kind: 'warning' as const,
    pattern: new RegExp(`WARNING: (?:CPU: \\d+ PID: -?\\d+ )?(?:at )?\\S*${file}(?::\\d+)?`),
    title,
    source: 'trace' as const,
  })),
  {
    kind: 'warning',
    pattern: new RegExp(`WARNING: (?:CPU: \\d+ PID: -?\\d+ )?at (?:\\S+:\\d+ )?${fn}${at}`),
    title: 'WARNING',
    source: 'head',
  },
  {
    kind: 'warning',
    pattern: new RegExp(`WARNING: \\S+:\\d+ at ${fn}${at}`),
    title: 'WARNING',
    source: 'head',
  },
  {
    kind: 'warning',
    pattern: /WARNING: CPU: \d+ PID: -?\d+ at |WARNING: at \S+:\d+/,
    title: 'WARNING',
    source: 'pointer',
  },
  {
    kind: 'warning',
    pattern: /WARNING: (kernel stack (?:regs|frame pointer)) .* has bad ('\w+' )?value/,
    title: 'WARNING: $1 has bad $2value',
    source: 'none',
    isBrief: true,
  },
];
