// The same kernel's lines as different ways bring them.

/** A line of a kernel's log, taken apart as `dmesg` prints it. */
export interface KernelLine {
  readonly raw: string;
  /** Facility and level, 4 where they are not said. */
  readonly prefix: number;
  readonly uptimeS: number | null;
  readonly caller: string;
  readonly text: string;
}

/** The lines of a text. A kernel's records have at most 1,024 characters, and no NUL. */
export function linesOf(text: string): readonly KernelLine[] {
  return text.split('\n').map((line) => {
    const raw = line.replaceAll('\0', '').replace(/\r$/, '');
    const found = /^(?:<(\d+)>)?\[ *(\d+\.\d{6})\](?:\[ *([TC]\d+)\])? ?/.exec(raw);
    const uptimeS = found === null ? null : Number(found[2]);
    const prefix = Number(found?.[1] ?? 4);
    const text = raw.slice(found?.[0].length ?? 0);
    return { raw, prefix, uptimeS, caller: found?.[3] ?? '', text };
  });
}

/** Lines without what a journal leaves out: the kernel's own time and caller. */
export function withoutStamps(text: string): string {
  return linesOf(text)
    .map((line) => line.text)
    .join('\n');
}

const date = '2026-11-23';
const time = '01:02:03';
const bsd = 'Nov 23 01:02:03';

/** What syslog daemons send for a line, by name of the form. */
export const syslogForms: Readonly<Record<string, (line: KernelLine, host: string) => string>> = {
  'RFC 3164': ({ raw }, host) => `<4>${bsd} ${host} kernel: ${raw}`,
  'RFC 3164, ISO time': ({ raw }, host) => `<4>${date}T${time}.123456+01:00 ${host} kernel: ${raw}`,
  'RFC 3164, control characters escaped': ({ raw }, host) =>
    `<4>${bsd} ${host} kernel: ${raw.replaceAll('\t', '#011')}`,
  'RFC 5424': ({ raw }, host) => `<4>1 ${date}T${time}.123456Z ${host} kernel - - - ${raw}`,
  'RFC 5424, structured data': ({ raw }, host) =>
    `<4>1 ${date}T${time}Z ${host} kernel - k1 [origin@1 ip="192.0.2.1" x="a\\]b"] \uFEFF${raw}`,
};

/** Files that hold a kernel's log with what its own stamps say, by name of the form. */
export const fileForms: Readonly<Record<string, (line: KernelLine, host: string) => string>> = {
  '/var/log/kern.log': ({ raw }, host) => `${bsd} ${host} kernel: ${raw}`,
  'RFC 3164 as it came': ({ raw }, host) => `<4>${bsd} ${host} kernel: ${raw}`,
  'RFC 5424 as it came': ({ raw }, host) => `<4>1 ${date}T${time}Z ${host} kernel - - - ${raw}`,
  'netconsole with senders': ({ raw }) => `192.0.2.7:6665 ${raw}`,
};

/** What journalctl prints, which has no stamps of the kernel's, by its option -o. */
export const journalForms: Readonly<Record<string, (line: KernelLine, host: string) => string>> = {
  short: ({ text }, host) => `${bsd} ${host} kernel: ${text}`,
  'short-precise': ({ text }, host) => `${bsd}.123456 ${host} kernel: ${text}`,
  'short-iso': ({ text }, host) => `${date}T${time}+0100 ${host} kernel: ${text}`,
  'short-iso-precise': ({ text }, host) => `${date}T${time}.123456+01:00 ${host} kernel: ${text}`,
  'short-full': ({ text }, host) => `Mon ${date} ${time} UTC ${host} kernel: ${text}`,
  'short-unix': ({ text }, host) => `1795395723.123456 ${host} kernel: ${text}`,
  'short-monotonic': ({ text, uptimeS }, host) =>
    `[${(uptimeS ?? 0).toFixed(6).padStart(12)}] ${host} kernel: ${text}`,
  'short-delta': ({ text, uptimeS }, host) =>
    `[${(uptimeS ?? 0).toFixed(6).padStart(12)} <    0.000012 >] ${host} kernel: ${text}`,
  cat: ({ text }) => text,
  json: ({ text, uptimeS }, host) =>
    JSON.stringify({
      ...{ _HOSTNAME: host, _TRANSPORT: 'kernel', PRIORITY: '4', SYSLOG_IDENTIFIER: 'kernel' },
      ...{ SYSLOG_FACILITY: '0', _SOURCE_MONOTONIC_TIMESTAMP: String((uptimeS ?? 0) * 1e6) },
      MESSAGE: /[^\x20-\x7e\t]/.test(text) ? [...Buffer.from(text)] : text,
    }),
  export: ({ text }, host) =>
    [
      ...['__CURSOR=s=1;i=2', '__REALTIME_TIMESTAMP=1795395723123456', '_TRANSPORT=kernel'],
      ...['SYSLOG_FACILITY=0', 'PRIORITY=4', `MESSAGE=${text}`, `_HOSTNAME=${host}`],
      ...['SYSLOG_IDENTIFIER=kernel', ''],
    ].join('\n'),
  verbose: ({ text }, host) =>
    [
      `Mon ${date} ${time}.123456 UTC [s=0a1b;i=1f;b=c2d3;m=1;t=5;x=9]`,
      ...['    _TRANSPORT=kernel', '    SYSLOG_FACILITY=0', '    PRIORITY=4'],
      ...['    SYSLOG_IDENTIFIER=kernel', `    _HOSTNAME=${host}`, `    MESSAGE=${text}`],
    ].join('\n'),
};

const chunkBytes = 1_000;

/** As write_msg() in drivers/net/netconsole.c sends a console's line: in parts of 1,000 bytes. */
export function plainDatagrams(lines: readonly KernelLine[]): readonly (readonly string[])[] {
  return lines.map(({ raw }) => parts(`${raw}\n`, chunkBytes));
}

/**
 * As send_ext_msg_udp() there: records of /dev/kmsg, in pieces where they are long, with userdata of
 * a newer kernel where that is wanted. One list of datagrams for each line, numbered from 100 on.
 */
export function extendedDatagrams(
  lines: readonly KernelLine[],
  isNewer = false,
): readonly (readonly string[])[] {
  let us = 5_000_000;
  return lines.map(({ prefix, uptimeS, caller, text }, index) => {
    us = Math.max(us, Math.round((uptimeS ?? 0) * 1e6));
    const fields = caller === '' ? '' : `,caller=${caller}`;
    const lead = `${isNewer ? '6.7.0-test,' : ''}${prefix},${100 + index},${us},-${fields}`;
    const body = `${escaped(text)}\n${isNewer ? ' rack=7\n cpu=1\n' : ''}`;
    if (lead.length + 1 + body.length < chunkBytes) return [`${lead};${body}`];
    // The header is in each piece, and longer by the field that says which one it is.
    const pieces = parts(body, chunkBytes - lead.length - 32);
    let at = 0;
    return pieces.map((piece) => {
      const datagram = `${lead},ncfrag=${at}/${body.length};${piece}`;
      at += piece.length;
      return datagram;
    });
  });
}

// msg_print_ext_body() in kernel/printk/printk.c.
function escaped(text: string): string {
  return Buffer.from(text)
    .toString('latin1')
    .replace(
      /[^\x20-\x7e]|\\/g,
      (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
    );
}

function parts(text: string, length: number): readonly string[] {
  const found: string[] = [];
  for (let at = 0; at < text.length; at += length) found.push(text.slice(at, at + length));
  return found;
}
