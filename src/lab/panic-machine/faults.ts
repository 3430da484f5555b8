/** A way in which the kernel of a machine can be made to fail. */
export type KernelFault = keyof typeof inMachine;

const byModule = (name: string) => `echo ${name} >/proc/bridgehead-fault`;
const watchdogs = '/proc/sys/kernel';
const stallLimit = '/sys/module/rcupdate/parameters/rcu_cpu_stall_timeout';
const within = (limit: string, shortS: number, longS: number, name: string) =>
  `echo ${shortS} >${limit}; ${byModule(name)}; echo ${longS} >${limit}`;

// Limits of watchdogs are short only while they are needed: a machine whose host has other things
// to do stands still for seconds, which they would take for a lockup.
const inMachine = {
  sysrq: 'echo c >/proc/sysrq-trigger',
  'null-dereference': byModule('null-dereference'),
  'null-call': byModule('null-call'),
  'paging-request': byModule('paging-request'),
  'general-protection': byModule('general-protection'),
  divide: byModule('divide'),
  bug: byModule('bug'),
  warn: byModule('warn'),
  'warn-text': byModule('warn-text'),
  refcount: byModule('refcount'),
  'list-corruption': byModule('list-corruption'),
  'slab-corruption': byModule('slab-corruption'),
  'bad-page': byModule('bad-page'),
  'stack-overflow': byModule('stack-overflow'),
  'atomic-schedule': byModule('atomic-schedule'),
  'soft-lockup': within(`${watchdogs}/watchdog_thresh`, 1, 10, 'soft-lockup'),
  'rcu-stall': within(stallLimit, 3, 60, 'rcu-stall'),
  'hung-task': within(`${watchdogs}/hung_task_timeout_secs`, 1, 0, 'hung-task'),
  panic: byModule('panic'),
};

/** The names of all, for people. */
export const kernelFaults = Object.keys(inMachine) as readonly KernelFault[];

/** What the machine's shell runs to have that fault. */
export function faultCommand(fault: KernelFault): string {
  return inMachine[fault];
}

/** What makes the machine die of each of them, whatever it would live through otherwise. */
export const fatalCommand = [
  ...['panic_on_oops', 'softlockup_panic', 'hung_task_panic', 'panic_on_rcu_stall'],
  'panic_on_warn',
]
  .map((name) => `echo 1 >${watchdogs}/${name}`)
  .join('; ');
