// The messages of the intake bench: what a fleet of HAProxy hosts says in a minute of work.

/** `<PRI>` of a facility and a severity. */
const pri = (facility: number, severity: number) => `<${facility * 8 + severity}>`;
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const hosts = 20;
/** Kinds of messages, by turns: which one it is, is its index modulo this. */
export const kinds = 20;
export const kernelKinds: readonly number[] = [6, 7, 16, 17];

/**
 * Twenty kinds by turns: half RFC 3164, half RFC 5424, one in five of a kernel, and no two the same, so that
 * folding repeats helps nobody.
 *
 * @param index from 0; stands in every text as `#INDEX;`
 * @param nowMs wall clock; the messages say times of it
 */
export function messageOf(index: number, nowMs: number): string {
  const at = new Date(nowMs + Math.floor(index / 10));
  const iso = at.toISOString();
  const two = (value: number) => String(value).padStart(2, '0');
  const clock = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`;
  const bsd = `${months[at.getUTCMonth()]} ${String(at.getUTCDate()).padStart(2)} ${clock}`;
  // Not in step with the kinds, so that every host says all of them.
  const host = `lb-${Math.floor(index / 7) % hosts}`;
  const pid = 1_000 + (index % 30_000);
  const mark = `#${index};`;
  const client = `10.${index % 250}.${(index >> 3) % 250}.${(index >> 6) % 250}`;
  const up = `${100_000 + Math.floor(index / 100)}.${String((index * 7_919) % 1_000_000).padStart(6, '0')}`;
  const from = `${client}:${20_000 + (index % 40_000)}`;
  const timers = `0/0/1/${index % 90}/${index % 95} 200 ${300 + (index % 60_000)}`;
  const tty = `pts/${index % 9}`;
  const old = (level: string, tag: string, text: string) =>
    `${level}${bsd} ${host} ${tag}: ${text}`;
  const modern = (level: string, app: string, text: string) =>
    `${level}1 ${iso} ${host} ${app} ${pid} ${text}`;
  switch (index % kinds) {
    case 0:
    case 4:
    case 8:
    case 12: {
      const counts = '- - ---- 812/790/3/1/0 0/0';
      const request = `"GET /item/${mark} HTTP/1.1"`;
      const text = `${from} [${iso}] web~ shop/app-${index % 9} ${timers} ${counts} ${request}`;
      return old(pri(16, 6), `haproxy[${pid}]`, text);
    }
    case 2:
    case 10:
    case 14: {
      const text = `${from} api/api-${index % 5} ${timers} "POST /order/${mark} HTTP/2.0"`;
      return modern(pri(16, 6), 'haproxy', `- - ${text}`);
    }
    case 1: {
      const text = `Accepted publickey for deploy from ${client} port 40022 ssh2: ED25519 ${mark}`;
      return old(pri(10, 6), `sshd[${pid}]`, text);
    }
    case 3:
      return old(pri(9, 6), `CRON[${pid}]`, `(root) CMD (run-parts /etc/cron.hourly # ${mark})`);
    case 5:
    case 9: {
      const text = `time="${iso}" level=info msg="ignoring event" container=c${mark}`;
      return modern(pri(3, 6), 'dockerd', `- - ${text} module=libcontainerd topic=/tasks/delete`);
    }
    case 6:
    case 16: {
      const port = index % 60;
      const text = `br0: port ${port + 2}(veth${port}) entered forwarding state ${mark}`;
      return old(pri(0, 6), 'kernel', `[${up}] ${text}`);
    }
    case 7:
      return `${pri(0, 4)}[${up}] nf_conntrack: table full, dropping packet ${mark}`;
    case 17: {
      const text = `TCP: request_sock_TCP: Possible SYN flooding on port 443. Sending cookies.`;
      return `${pri(0, 4)}1 ${iso} ${host} kernel - - - [${up}] ${text} ${mark}`;
    }
    case 11:
    case 15: {
      const data = `[origin@32473 ip="${client}" seq="${index}"]`;
      const text = `der Vorgang für Kunde ${mark} dauerte ${index % 900} ms`;
      return modern(pri(1, 5), 'app', `ID47 ${data} ${text}`);
    }
    case 13:
      return old(pri(3, 5), 'systemd[1]', `Started Session ${mark} of User deploy.`);
    case 18: {
      const data = `[meta sequenceId="${index}"][auth@32473 user="deploy" tty="${tty}"]`;
      const text = `deploy : TTY=${tty} ; PWD=/srv ; COMMAND=/usr/bin/systemctl reload haproxy`;
      return modern(pri(4, 4), 'sudo', `- ${data} ${text} ${mark}`);
    }
    default:
      return modern(pri(3, 6), 'chronyd', `- - Selected source ${client} (ntp-${mark}example.com)`);
  }
}
