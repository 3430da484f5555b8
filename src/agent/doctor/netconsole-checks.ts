import type { Finding } from './checks.ts';
import type { HostReadings } from './readings.ts';

/** Levels below the console's are sent: of an oops all lines (KERN_DEFAULT is 4) need 5 at least. */
const consoleLevelLeast = 5;
const folder = '/sys/kernel/config/netconsole';

/** Whether what the kernel says last can reach a scheduler. Later checks need the earlier ones. */
export function netconsoleChecks(host: HostReadings, scheduler: string | null): readonly Finding[] {
  const { isPresent, targets } = host.netconsole;
  const present = 'netconsole';
  if (!isPresent) {
    const saw = 'netconsole is not in the kernel: nobody hears the last words of this host';
    const next = 'modprobe netconsole; docs/architecture.md has how to give it a target.';
    return [{ check: present, state: 'fail', saw, next }, levelCheck(host)];
  }
  if (targets.length === 0) {
    const saw = `netconsole has no target in ${folder}`;
    const next = 'Make one, bound to the bridge; docs/architecture.md has how.';
    return [{ check: present, state: 'fail', saw, next }, levelCheck(host)];
  }
  const saw = `netconsole has ${targets.map(({ name }) => name).join(', ')}`;
  return [
    { check: present, state: 'ok', saw, next: '' },
    bindingCheck(host),
    enabledCheck(host),
    remoteCheck(host, scheduler),
    levelCheck(host),
  ];
}

function bindingCheck({ bridges, netconsole: { targets } }: HostReadings): Finding {
  const check = 'netconsole-bridge';
  const names = bridges.map(({ name }) => name);
  const enslaved = targets.find(({ device }) => bridges.some(({ nics }) => nics.includes(device)));
  if (enslaved !== undefined) {
    const bridge = bridges.find(({ nics }) => nics.includes(enslaved.device))?.name ?? '';
    const saw = `target ${enslaved.name} sends from ${enslaved.device}, which is on bridge ${bridge}: netconsole is silent on such a NIC`;
    const next = `cd ${folder}/${enslaved.name}; echo 0 >enabled; echo ${bridge} >dev_name; echo 1 >enabled`;
    return { check, state: 'fail', saw, next };
  }
  const bound = targets.find(({ device }) => names.includes(device));
  if (bound !== undefined) {
    return {
      check,
      state: 'ok',
      saw: `target ${bound.name} sends from bridge ${bound.device}`,
      next: '',
    };
  }
  const from = targets.map(({ device }) => device).join(', ');
  const saw = `no target sends from a bridge (${from}): a scheduler knows a host by its bridge's address`;
  return { check, state: 'warn', saw, next: 'Bind a target to the bridge.' };
}

function enabledCheck({ netconsole: { targets } }: HostReadings): Finding {
  const check = 'netconsole-enabled';
  const on = targets.filter(({ isEnabled }) => isEnabled);
  if (on.length > 0) {
    return {
      check,
      state: 'ok',
      saw: `${on.map(({ name }) => name).join(', ')} enabled`,
      next: '',
    };
  }
  const [first] = targets;
  const saw =
    'no target is enabled. The kernel turns one off when its interface joins a bridge or goes';
  return { check, state: 'fail', saw, next: `echo 1 >${folder}/${first?.name}/enabled` };
}

function remoteCheck({ netconsole: { targets } }: HostReadings, scheduler: string | null): Finding {
  const check = 'netconsole-remote';
  const to = targets.map(({ remoteAddress, remotePort }) => `${remoteAddress}:${remotePort}`);
  if (scheduler === null) {
    const saw = `it sends to ${to.join(', ')}; whether a scheduler hears there is not known`;
    return {
      check,
      state: 'unknown',
      saw,
      next: 'Give --scheduler ADDRESS, or --server for the proof.',
    };
  }
  if (targets.some(({ remoteAddress, isEnabled }) => isEnabled && remoteAddress === scheduler)) {
    return { check, state: 'ok', saw: `it sends to ${scheduler}`, next: '' };
  }
  const saw = `it sends to ${to.join(', ')}, and not to the scheduler at ${scheduler}`;
  const next = `Disable a target, echo ${scheduler} >${folder}/NAME/remote_ip with the MAC of the way there, and enable it.`;
  return { check, state: 'fail', saw, next };
}

function levelCheck({ sysctls }: HostReadings): Finding {
  const check = 'console-level';
  const text = sysctls['kernel.printk'] ?? null;
  if (text === null) {
    return {
      check,
      state: 'unknown',
      saw: 'kernel.printk cannot be read',
      next: 'Run this as root.',
    };
  }
  const level = Number(text.split(/\s+/)[0]);
  if (level >= consoleLevelLeast) {
    return { check, state: 'ok', saw: `messages below level ${level} are sent`, next: '' };
  }
  const saw = `kernel.printk begins with ${level}: the kernel sends only what is below, and much of a crash report is not`;
  return {
    check,
    state: 'fail',
    saw,
    next: 'sysctl -w kernel.printk=7, and the same in /etc/sysctl.d.',
  };
}
