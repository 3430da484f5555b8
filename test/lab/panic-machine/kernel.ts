import { cp, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandOutput, runCommand } from '../../../src/system/command.ts';

const cache = '/var/cache/bridgehead-lab';
/** In the order in which they need each other. */
const modules = [
  ...['virtio_ring', 'virtio', 'virtio_pci_modern_dev', 'virtio_pci_legacy_dev', 'virtio_pci'],
  ...['failover', 'net_failover', 'virtio_net', 'llc', 'stp', 'bridge', 'configfs', 'netconsole'],
];
const downloadMs = 300_000;

/** Debian's kernel for this release, unpacked, and a small system around `init`. */
export interface BootFiles {
  readonly kernel: string;
  readonly initrd: string;
}

/** Fetches the kernel's package where it is not here yet; nothing of it is installed. */
export async function bootFiles(folder: string): Promise<BootFiles> {
  const name = await kernelPackage();
  const unpacked = join(cache, name);
  if ((await readdir(unpacked).catch(() => [])).length === 0) await unpack(name, unpacked);
  const root = join(folder, 'root');
  await mkdir(join(root, 'modules'), { recursive: true });
  for (const module of modules) {
    await cp(join(unpacked, `${module}.ko`), join(root, 'modules', `${module}.ko`));
  }
  await writeFile(join(root, 'modules/order'), modules.map((module) => `${module}.ko\n`).join(''));
  await cp(join(import.meta.dirname, 'init'), join(root, 'init'));
  await mkdir(join(root, 'bin'));
  const busybox = (await commandOutput(['sh', '-c', 'command -v busybox'])).trim();
  await cp(busybox, join(root, 'bin/busybox'), { dereference: true });
  await copyLibraries(busybox, root);
  const initrd = join(folder, 'initrd');
  const pack = `cd ${root} && find . | busybox cpio -o -H newc >${initrd}`;
  await commandOutput(['sh', '-c', pack]);
  return { kernel: join(unpacked, 'vmlinuz'), initrd };
}

async function kernelPackage(): Promise<string> {
  const ask = () => runCommand(['apt-cache', 'depends', 'linux-image-amd64']);
  let { stdout } = await ask();
  if (!stdout.includes('Depends:')) {
    await commandOutput(['apt-get', '-qq', 'update'], { timeoutMs: downloadMs });
    ({ stdout } = await ask());
  }
  const name = /Depends: (linux-image-\S+)/.exec(stdout)?.[1];
  if (name === undefined) throw new Error(`apt knows no kernel for amd64: ${stdout}`);
  return name;
}

// Made beside its place and moved there whole: a run that is interrupted leaves nothing half.
async function unpack(name: string, target: string): Promise<void> {
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(tmpdir(), 'bridgehead-kernel-'));
  try {
    await commandOutput(['sh', '-c', `cd ${folder} && apt-get -qq download ${name}`], {
      timeoutMs: downloadMs,
    });
    const wanted = ["'./boot/vmlinuz-*'", ...modules.map((module) => `'*/${module}.ko'`)].join(' ');
    const words = `cd ${folder} && dpkg-deb --fsys-tarfile *.deb | tar -x --wildcards ${wanted}`;
    await commandOutput(['sh', '-c', words], { timeoutMs: downloadMs });
    const flat = `cd ${folder} && mkdir flat && mv boot/vmlinuz-* flat/vmlinuz && find . -name '*.ko' -exec mv {} flat/ ';'`;
    await commandOutput(['sh', '-c', flat]);
    await rename(join(folder, 'flat'), target).catch(() =>
      cp(join(folder, 'flat'), target, { recursive: true }),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

// Debian's busybox-static needs none; its other one does.
async function copyLibraries(program: string, root: string): Promise<void> {
  const { stdout } = await runCommand(['ldd', program]);
  for (const [, path = ''] of stdout.matchAll(/(\/\S+) \(0x/g)) {
    await cp(path, join(root, path), { dereference: true, recursive: true });
  }
}
