import type { CrashReport } from '../crash/report.ts';

export type Vendor = 'kernel.org' | 'debian' | 'ubuntu' | 'rhel' | 'sles' | 'amazon' | 'other';

/** A kernel as it names itself, taken apart. */
export interface KernelRelease {
  /** As `uname -r` says it. */
  readonly release: string;
  readonly vendor: Vendor;
  /**
   * The release of kernel.org whose fixes it has whole: that of vanilla kernels, of Debian's packages,
   * of Amazon's. Null where the number says where a distribution started from and no more.
   */
  readonly upstream: string | null;
  /** Mainline release that it grew out of, such as `3.16`. */
  readonly base: string;
  /** The distribution's own version, which its advisories name; null where it was not printed. */
  readonly packageVersion: string | null;
  /** Such as `generic`, `aws`, `default`, `el7`; null where there is none. */
  readonly flavour: string | null;
}

const debianName = new RegExp(
  [
    String.raw`^(\d+\.\d+(?:\.\d+)?)(?:[+~](?:deb\d+|bpo)[\w.+]*)?`,
    String.raw`(?:-(?:0\.(?:bpo|deb\d+)\.)?\d+(?:\.\d+)*)?-(?:rt-|cloud-|grsec-)?`,
    String.raw`(amd64|arm64|686(?:-pae)?|armmp|s390x|powerpc64le)$`,
  ].join(''),
);
const ubuntuName = /^(\d+\.\d+\.\d+)-(\d+)-([a-z][\w-]*)$/;
const rpmName =
  /^(\d+\.\d+\.\d+)-([\w.]+?)\.(el\d+\w*|amzn\d+|amzn|fc\d+)(?:\.(?:x86_64|aarch64|i686|ppc64le|s390x))?$/;
const suseName = /^(\d+\.\d+\.\d+)-(\d[\d.]*(?:\.g[0-9a-f]+)?)-(default|preempt|xen|azure|rt)$/;
const vanillaName = /^(\d+\.\d+(?:\.\d+){0,2}(?:-rc\d+)?)([-+].*)?$/;
const amazonOld = /^(\d+\.\d+\.\d+)-([\d.]+)\.amzn(\d+)\./;

/**
 * Takes a kernel's name apart. Debian's and Ubuntu's names count the kernel's interface, not the
 * package; what was installed stands in the banner behind the `#`: `#1 SMP Debian
 * 3.16.7-ckt20-1+deb8u3`, `#101-Ubuntu`.
 *
 * @param release as `uname -r` says it
 * @param banner any text that may hold the banner: `uname -v`, or the lines of a report
 */
export function parseRelease(release: string, banner = ''): KernelRelease | null {
  const name = release.trim().slice(0, 120);
  return (
    debianRelease(name, banner) ??
    ubuntuRelease(name, banner) ??
    rpmRelease(name) ??
    suseRelease(name) ??
    vanillaRelease(name)
  );
}

/** The kernel that a report names; null where it names none that can be read. */
export function releaseOf(report: CrashReport): KernelRelease | null {
  if (report.release === null) return null;
  const said = report.lines.find((line) => line.includes(report.release ?? ''));
  const banner = report.lines.find((line) => /#\S+ (?:SMP )?.{0,40}(?:Debian|Ubuntu)/.test(line));
  return parseRelease(report.release, `${said ?? ''}\n${banner ?? ''}`);
}

function debianRelease(name: string, banner: string): KernelRelease | null {
  const found = debianName.exec(name);
  if (found === null) return null;
  const installed = /\bDebian (\d+\.\d+[\w.+~-]*)/.exec(banner)?.[1] ?? null;
  // 3.16.7-ckt20: a stable line of Canonical's own, whose numbers say nothing of 3.16.8 and later.
  const isOwnLine = installed?.includes('-ckt') === true;
  const upstream = isOwnLine ? null : (/^\d+(?:\.\d+)*/.exec(installed ?? '')?.[0] ?? null);
  const [, number = ''] = found;
  // Names of 6.12 and later say the release itself; older ones end in .0 whatever is inside.
  const named = /^\d+\.\d+\.[1-9]/.test(number) ? number : null;
  return {
    release: name,
    vendor: 'debian',
    upstream: upstream ?? named,
    base: baseOf(number),
    packageVersion: installed,
    flavour: found[2] ?? null,
  };
}

function ubuntuRelease(name: string, banner: string): KernelRelease | null {
  const found = ubuntuName.exec(name);
  if (found === null) return null;
  const [, number = '', abi = '', flavour = ''] = found;
  const upload = /#(\d+)(?:~[\d.]+)?(?:-Ubuntu| SMP.*Ubuntu)/.exec(banner)?.[1];
  if (
    upload === undefined &&
    !/^(?:generic|lowlatency|aws|azure|gcp|gke|kvm|oracle|oem|virtual|server)/.test(flavour)
  )
    return null;
  return {
    release: name,
    vendor: 'ubuntu',
    upstream: null,
    base: baseOf(number),
    packageVersion: upload === undefined ? `${number}-${abi}` : `${number}-${abi}.${upload}`,
    flavour,
  };
}

function rpmRelease(name: string): KernelRelease | null {
  const amazon = amazonOld.exec(`${name}.`);
  if (amazon !== null) {
    const [, number = '', build = '', generation = ''] = amazon;
    return {
      release: name,
      vendor: 'amazon',
      upstream: number,
      base: baseOf(number),
      packageVersion: `${number}-${build}.amzn${generation}`,
      flavour: `amzn${generation}`,
    };
  }
  const found = rpmName.exec(name);
  if (found === null) return null;
  const [, number = '', build = '', distribution = ''] = found;
  const isRhel = distribution.startsWith('el') && !build.startsWith('1.el');
  return {
    release: name,
    vendor: isRhel && !/uek$/.test(distribution) ? 'rhel' : 'other',
    // Fedora's kernels are those of kernel.org with few patches, and so are ELRepo's.
    upstream: distribution.startsWith('fc') ? number : null,
    base: baseOf(number),
    packageVersion: `${number}-${build}.${distribution}`,
    flavour: distribution,
  };
}

function suseRelease(name: string): KernelRelease | null {
  const found = suseName.exec(name);
  if (found === null) return null;
  const [, number = '', build = '', flavour = ''] = found;
  return {
    release: name,
    vendor: 'sles',
    upstream: null,
    base: baseOf(number),
    packageVersion: `${number}-${build}`,
    flavour,
  };
}

// kernel.org's own, and what follows it closely: Flatcar, Container-Optimized OS, kubic, linuxkit.
function vanillaRelease(name: string): KernelRelease | null {
  const found = vanillaName.exec(name);
  if (found === null) return null;
  const [, number = '', rest = ''] = found;
  const suffix = rest.replace(/^[-+]/, '');
  const isPlain = suffix === '' || /^(?:flatcar|coreos\S*|linuxkit|moby|cos|rancher)$/.test(suffix);
  return {
    release: name,
    vendor: isPlain ? 'kernel.org' : 'other',
    upstream: number,
    base: baseOf(number),
    packageVersion: null,
    flavour: suffix === '' ? null : suffix,
  };
}

function baseOf(number: string): string {
  const [first = '0', second = '0', third = '0'] = number.split(/[.-]/);
  // Before 3.0 the third number was the mainline release.
  return first === '2' ? `${first}.${second}.${third}` : `${first}.${second}`;
}
