/**
 * Compares two versions of Debian's or Ubuntu's packages as dpkg does (deb-version(7)): stretches of
 * digits by number, all else by character, with `~` before the end and letters before the rest.
 */
export function compareDebian(a: string, b: string): number {
  const [left, right] = [debianParts(a), debianParts(b)];
  return (
    left.epoch - right.epoch ||
    compareStretches(left.upstream, right.upstream) ||
    compareStretches(left.revision, right.revision)
  );
}

function debianParts(version: string) {
  const [, epoch = '0', rest = ''] = /^(?:(\d{1,9}):)?(.*)$/s.exec(version) ?? [];
  const dash = rest.lastIndexOf('-');
  return {
    epoch: Number(epoch),
    upstream: dash < 0 ? rest : rest.slice(0, dash),
    revision: dash < 0 ? '' : rest.slice(dash + 1),
  };
}

function compareStretches(a: string, b: string): number {
  const [left, right] = [stretches(a), stretches(b)];
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const text = compareText(left[at]?.text ?? '', right[at]?.text ?? '');
    if (text !== 0) return text;
    const number = compareDigits(left[at]?.digits ?? '', right[at]?.digits ?? '');
    if (number !== 0) return number;
  }
  return 0;
}

function stretches(version: string) {
  return [...version.matchAll(/(\D*)(\d*)/g)]
    .filter(([whole]) => whole !== '')
    .map(([, text = '', digits = '']) => ({ text, digits }));
}

function compareText(a: string, b: string): number {
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const difference = rankOf(a.charAt(at)) - rankOf(b.charAt(at));
    if (difference !== 0) return difference;
  }
  return 0;
}

function rankOf(character: string): number {
  if (character === '~') return -1;
  if (character === '') return 0;
  return /[A-Za-z]/.test(character) ? character.charCodeAt(0) : character.charCodeAt(0) + 256;
}

function compareDigits(a: string, b: string): number {
  const [left, right] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')];
  if (left.length !== right.length) return left.length - right.length;
  return left < right ? -1 : Number(left > right);
}

/**
 * Compares two versions of RPM packages, `VERSION-RELEASE`, as rpmvercmp does: alternating stretches
 * of digits and letters, whatever stands between; digits are newer than letters, and so is what goes
 * on, but for `~`.
 */
export function compareRpm(a: string, b: string): number {
  const [left, right] = [rpmStretches(a), rpmStretches(b)];
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const [one, other] = [left[at], right[at]];
    if (one === other) continue;
    if (one === '~' || other === '~') return one === '~' ? -1 : 1;
    if (one === undefined || other === undefined) return one === undefined ? -1 : 1;
    const [isOne, isOther] = [/^\d/.test(one), /^\d/.test(other)];
    if (isOne !== isOther) return isOne ? 1 : -1;
    const difference = isOne ? compareDigits(one, other) : one < other ? -1 : 1;
    if (difference !== 0) return difference;
  }
  return 0;
}

function rpmStretches(version: string): readonly string[] {
  return version.match(/\d+|[A-Za-z]+|~/g) ?? [];
}

/** Compares releases of kernel.org, such as `3.18`, `4.4.70` and `5.2-rc6`. */
export function compareUpstream(a: string, b: string): number {
  const [left, right] = [upstreamParts(a), upstreamParts(b)];
  for (let at = 0; at < Math.max(left.numbers.length, right.numbers.length); at++) {
    const difference = (left.numbers[at] ?? 0) - (right.numbers[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.candidate - right.candidate;
}

function upstreamParts(version: string) {
  const candidate = /-rc(\d{1,3})/.exec(version)?.[1];
  return {
    numbers: (/^\d{1,5}(?:\.\d{1,5}){0,3}/.exec(version)?.[0] ?? '0').split('.').map(Number),
    candidate: candidate === undefined ? 1e6 : Number(candidate),
  };
}

/** Whether a version belongs to a branch: `4.4.70` to `4.4`, `3.10.0-957.el7` to `3.10.0`. */
export function isOfBranch(version: string, branch: string): boolean {
  if (!version.startsWith(branch)) return false;
  const next = version.charAt(branch.length);
  return next === '' || /[.\-~+]/.test(next);
}
