// Logs in which nothing crashed: what kernels and programs say all day, and what only speaks of
// crashes. Written for the tests, in the forms of the programs named.

export interface OrdinaryLine {
  /** As syslog numbers it: 0 the kernel. */
  readonly facility: number;
  readonly app: string;
  readonly pid: number | null;
  readonly text: string;
}

type Fill = (random: () => number) => string;

const n =
  (below: number): Fill =>
  (random) =>
    String(Math.floor(random() * below));
const hex =
  (digits: number): Fill =>
  (random) =>
    Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join('');
const fills: Readonly<Record<string, Fill>> = {
  '{n}': n(10_000),
  '{ip}': (random) => `198.51.100.${n(256)(random)}`,
  '{mac}': (random) => Array.from({ length: 6 }, () => hex(2)(random)).join(':'),
  '{veth}': (random) => `veth${hex(7)(random)}`,
  '{hex}': hex(12),
  '{port}': (random) => String(1_024 + Math.floor(random() * 60_000)),
};

const kernel = `
Linux version 6.1.0-28-amd64 (build@example) (gcc-12 (Debian 12.2.0-14) 12.2.0) #1 SMP PREEMPT_DYNAMIC Debian 6.1.119-1
Command line: BOOT_IMAGE=/boot/vmlinuz-6.1.0-28-amd64 root=UUID={hex} ro quiet panic=10 oops=panic
BIOS-provided physical RAM map:
BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable
NX (Execute Disable) protection: active
DMI: Example Inc. R640/0ABC, BIOS 2.12.2 07/09/2021
tsc: Fast TSC calibration using PIT
tsc: Marking TSC unstable due to clocksource watchdog
clocksource: timekeeping watchdog on CPU{n}: Marking clocksource 'tsc' as unstable because the skew is too large:
ACPI: Early table checksum verification disabled
ACPI BIOS Error (bug): Could not resolve symbol [\\_SB.PCI0.XHC.RHUB], AE_NOT_FOUND (20220331/dswload2-162)
ACPI Error: Aborting method \\_SB.PCI0.SAT0._GTF due to previous error (AE_NOT_FOUND) (20220331/psparse-529)
[Firmware Bug]: TSC_DEADLINE disabled due to Errata; please update microcode to version: 0x22 (or later)
[Firmware Warn]: HEST: Duplicated hardware error source ID: 4096.
x86/cpu: SGX disabled by BIOS.
Spectre V1 : Mitigation: usercopy/swapgs barriers and __user pointer sanitization
Spectre V2 : WARNING: Unprivileged eBPF is enabled with eIBRS on, data leaks possible via Spectre v2 BHB attacks!
RETBleed: WARNING: Spectre v2 mitigation leaves CPU vulnerable to RETBleed attacks, data leaks possible!
MDS CPU bug present and SMT on, data leak possible. See mds.html for more details.
Memory: 131872252K/134157852K available (16393K kernel code, 2856K init, 16764K bss, 2285600K reserved)
Freeing unused kernel image (initmem) memory: 2856K
rcu: Hierarchical RCU implementation.
rcu: 	RCU restricting CPUs from NR_CPUS=8192 to nr_cpu_ids=32.
rcu: RCU calculated value of scheduler-enlistment delay is 25 jiffies.
rcu: Hierarchical SRCU implementation.
Dentry cache hash table entries: 8388608 (order: 14, 67108864 bytes, vmalloc hugepage)
mce: CPU0: Thermal monitoring enabled (TM1)
mce: [Hardware Error]: Machine check events logged
EDAC MC0: 1 CE memory read error on CPU_SrcID#0_MC#0_Chan#1_DIMM#0 (channel:1 slot:0 page:0x{hex} offset:0x0 grain:32 syndrome:0x0)
perf: interrupt took too long (2503 > 2500), lowering kernel.perf_event_max_sample_rate to 79750
INFO: NMI handler (perf_event_nmi_handler) took too long to run: 1.356 msecs
NMI watchdog: Enabled. Permanently consumes one hw-PMU counter.
watchdog: Delayed init of the lockup detector failed: -19
workqueue: output_poll_execute [drm_kms_helper] hogged CPU for >10000us 4 times, consider switching to WQ_UNBOUND
hrtimer: interrupt took 13214 ns
sched: DL replenish lagged too much
sched: RT throttling activated
random: crng init done
device-mapper: core: CONFIG_IMA_DISABLE_HTABLE is disabled. Duplicate IMA measurements will not be recorded in the IMA log.
EXT4-fs (sda2): mounted filesystem with ordered data mode. Quota mode: none.
EXT4-fs (sda2): re-mounted. Opts: errors=remount-ro. Quota mode: none.
EXT4-fs warning (device sda2): ext4_dirblock_csum_verify:401: inode #{n}: comm apt: No space for directory leaf checksum.
XFS (sdb1): Mounting V5 Filesystem
XFS (sdb1): Ending clean mount
XFS (sdb1): possible memory allocation deadlock size 65536 in kmem_alloc (mode:0x250)
BTRFS info (device sdc): disk space caching is enabled
md/raid1:md0: active with 2 out of 2 mirrors
ata1.00: exception Emask 0x0 SAct 0x0 SErr 0x0 action 0x6 frozen
sd 0:0:0:0: [sda] Attached SCSI disk
nfs: server {ip} not responding, still trying
nfs: server {ip} OK
ixgbe 0000:01:00.0 eno1: NIC Link is Up 10 Gbps, Flow Control: RX/TX
ixgbe 0000:01:00.0 eno1: NIC Link is Down
bnx2 0000:02:00.0 eth0: NIC Copper Link is Up, 1000 Mbps full duplex
igb 0000:04:00.0: Detected Tx Unit Hang
bridge: filtering via arp/ip/ip6tables is no longer available by default. Update your scripts to load br_netfilter if you need this.
br0: port 2({veth}) entered blocking state
br0: port 2({veth}) entered disabled state
br0: port 2({veth}) entered forwarding state
device {veth} entered promiscuous mode
device {veth} left promiscuous mode
eth0: renamed from {veth}
IPv6: ADDRCONF(NETDEV_CHANGE): {veth}: link becomes ready
IPv6: eth0: IPv6 duplicate address fe80::{n} used by {mac} detected!
IPv4: martian source {ip} from {ip}, on dev br0
neighbour: arp_cache: neighbor table overflow!
TCP: request_sock_TCP: Possible SYN flooding on port 443. Sending cookies.  Check SNMP counters.
TCP: out of memory -- consider tuning tcp_mem
nf_conntrack: nf_conntrack: table full, dropping packet
nf_conntrack: default automatic helper assignment has been turned off for security reasons
[UFW BLOCK] IN=eno1 OUT= MAC={mac}:{mac}:08:00 SRC={ip} DST={ip} LEN=40 PROTO=TCP SPT={port} DPT=23 SYN
aufs au_opts_verify:1597:dockerd[{n}]: dirperm1 breaks the protection by the permission bits on the lower branch
overlayfs: upperdir is in-use as upperdir/workdir of another mount, accessing files from both mounts is undefined.
cgroup: fork rejected by pids controller in /docker/{hex}
docker0: port 1({veth}) entered forwarding state
netconsole: network logging started
kauditd_printk_skb: {n} callbacks suppressed
audit: type=1400 audit(1700000000.123:{n}): apparmor="DENIED" operation="ptrace" pid={n} comm="sh"
audit: type=1326 audit(1700000000.123:{n}): auid=4294967295 uid=0 gid=0 pid={n} comm="BUG: x" exe="/bin/sh" sig=31 syscall=157
haproxy[{n}]: segfault at 0 ip 00007f{hex} sp 00007f{hex} error 4 in libc-2.31.so[7f{hex}+15a000]
traps: node[{n}] trap invalid opcode ip:{hex} sp:{hex} error:0 in node[400000+1000]
traps: php fpm[{n}] general protection fault ip:{hex} sp:{hex} error:0 in libc.so.6[7f{hex}+1000]
traps: a.out[{n}] trap divide error ip:{hex} sp:{hex} error:0
show_signal_msg: 12 callbacks suppressed
warning: \`dockerd' uses wireless extensions which will stop working for Wi-Fi 7 hardware; use nl80211
process '/usr/bin/x' started with executable stack
mount: WARNING: the mand mount option is being deprecated and will be removed in v5.15!
WARNING: the mand mount option is being deprecated
Disabling lock debugging due to kernel taint
example: loading out-of-tree module taints kernel.
example: module verification failed: signature and/or required key missing - tainting kernel
lockdep is turned off.
Key type dns_resolver registered
systemd[1]: Started Daily apt download activities.
systemd[1]: Kernel panic - not syncing is only a phrase here
systemd-journald[{n}]: Received SIGTERM from PID 1 (systemd).
systemd-coredump[{n}]: Process {n} (app) of user 0 dumped core.
SysRq : HELP : loglevel(0-9) reboot(b) crash(c) terminate-all-tasks(e) show-backtrace-all-active-cpus(l) show-blocked-tasks(w)
usb 1-1: new high-speed USB device number {n} using xhci_hcd
usb 1-1: device descriptor read/64, error -71
kvm [{n}]: vcpu0, guest rIP: 0xffffffff81c8d2a4 ignored rdmsr: 0x140
Process accounting resumed
PM: suspend entry (deep)
printk: console [netcon0] enabled
crash hello 0
`;

const programs: Readonly<Record<string, readonly [number, string]>> = {
  haproxy: [
    16,
    `
{ip}:{port} [23/Nov/2026:01:02:03.456] www~ web/s1 0/0/1/12/13 200 {n} "GET /?q=BUG:+unable+to+handle+kernel+paging+request HTTP/1.1"
Server web/s1 is DOWN, reason: Layer4 timeout, check duration: 2001ms. 1 active and 0 backup servers left.
[WARNING]  (12) : Health check for server web/s2 failed, reason: Layer7 wrong status, code: 503
[ALERT]    (12) : backend 'web' has no server available!
Proxy www reached process FD limit (maxsock={n}). Please check 'ulimit-n' and restart.`,
  ],
  dockerd: [
    3,
    `
time="2026-11-23T01:02:03.123456789Z" level=info msg="Container {hex} failed to exit within 10 seconds of signal 15 - using the force"
time="2026-11-23T01:02:03.123456789Z" level=warning msg="WARNING: No swap limit support"
WARNING: No swap limit support
WARNING: bridge-nf-call-iptables is disabled
panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x18 pc=0x{hex}]
goroutine {n} [running]:
fatal error: concurrent map writes`,
  ],
  sshd: [
    10,
    `
Accepted publickey for deploy from {ip} port {port} ssh2: ED25519 SHA256:{hex}
Connection closed by authenticating user root {ip} port {port} [preauth]
error: kex_exchange_identification: Connection closed by remote host
fatal: Timeout before authentication for {ip} port {port}`,
  ],
  'postfix/smtpd': [
    2,
    `
warning: hostname host.example does not resolve to address {ip}: Name or service not known
NOQUEUE: reject: RCPT from unknown[{ip}]: 554 5.7.1 Service unavailable; subject=[Kernel panic - not syncing: fix it]
fatal: no SASL authentication mechanisms
panic: vstream_buf_alloc: out of memory`,
  ],
  tracker: [
    1,
    `
BUG: tracker {n} opened by alice
BUG: unable to handle kernel paging request at {hex} (title of ticket {n})
INFO: task importer:{n} blocked for more than 120 seconds (quoted from a log)
The wiki says: Kernel panic - not syncing is a phrase
WARNING: CPU: 0 PID: 1 at kernel/sched/core.c:1 is what the user saw
general protection fault: 0000 [#1] SMP was in the mail
Out of memory: Killed process {n} (java) total-vm:1kB`,
  ],
  app: [
    1,
    `
WARNING: connection pool is exhausted, waiting
BUG: this should never happen ({n})
INFO: rcu_sched detected stalls on CPUs/tasks: is a message that we grep for
Exception in thread "main" java.lang.NullPointerException: Cannot invoke "String.length()" because "s" is null
	at com.example.Main.run(Main.java:{n})
	at java.base/java.lang.Thread.run(Thread.java:833)
Caused by: java.lang.OutOfMemoryError: Java heap space
Traceback (most recent call last):
  File "/srv/app/main.py", line {n}, in <module>
MemoryError: unable to allocate
PANIC: unprotected error in call to Lua API (not enough memory)
*** Error in \`app': double free or corruption (!prev): 0x{hex} ***
======= Backtrace: =========
/lib/x86_64-linux-gnu/libc.so.6(+0x777e5)[0x7f{hex}]
Call Trace:
 [<ffffffff81095a05>] ? check_preempt_curr+0x75/0xa0
segmentation fault (core dumped)
Oops: 0000 [#1] SMP`,
  ],
  'apt.systemd.daily': [
    3,
    `
WARNING: apt does not have a stable CLI interface. Use with caution in scripts.
Setting up linux-image-6.1.0-28-amd64 (6.1.119-1) ...
W: Possible missing firmware /lib/firmware/rtl_nic/rtl8125a-3.fw for module r8169`,
  ],
  postgres: [
    16,
    `
[{n}] WARNING:  out of shared memory
[{n}] PANIC:  could not write to file "pg_wal/xlogtemp.{n}": No space left on device
[{n}] LOG:  invalid record length at 0/{hex}: wanted 24, got 0
[{n}] ERROR:  deadlock detected`,
  ],
  auditd: [
    3,
    `
type=ANOM_ABEND msg=audit(1700000000.123:{n}): auid=1000 uid=1000 pid={n} comm="BUG: KASAN: x in y+0x1/0x2" sig=11
Audit daemon rotating log files`,
  ],
  systemd: [
    3,
    `
Started Session {n} of User root.
app.service: Main process exited, code=killed, status=11/SEGV
Watchdog detected hard LOCKUP is what the runbook calls it
kdump-tools.service: Succeeded.`,
  ],
  CRON: [9, '\n(root) CMD (grep -c "Kernel panic - not syncing" /var/log/kern.log)'],
  'kernel-exporter': [3, '\nlevel=info msg="kernel BUG at mm/slub.c:4000! seen 0 times"'],
};

const templates: readonly (readonly [number, string, string])[] = [
  ...linesIn(kernel).map((text) => [0, 'kernel', text] as const),
  ...Object.entries(programs).flatMap(([app, [facility, texts]]) =>
    linesIn(texts).map((text) => [facility, app, text] as const),
  ),
];

function linesIn(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '');
}

/** So many lines of an ordinary log, each template among them where there are enough. */
export function ordinaryLog(count: number, random: () => number): readonly OrdinaryLine[] {
  return Array.from({ length: count }, (_, index) => {
    const at = index < templates.length ? index : Math.floor(random() * templates.length);
    const [facility, app, template] = templates[at] ?? [0, 'kernel', ''];
    const text = template.replace(/\{[a-z]+\}/g, (name) => fills[name]?.(random) ?? name);
    return { facility, app, pid: facility === 0 ? null : Math.floor(random() * 30_000), text };
  });
}
