import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commandOutput, runCommand } from '../../system/command.ts';
import {
  headerPackages,
  imagePackages,
  inFolder,
  type KernelRelease,
  kernelRelease,
  withDownloaded,
} from './packages.ts';

const cache = '/var/cache/bridgehead-lab';
/** In the order in which they need each other. */
const modules = [
  ...['virtio_ring', 'virtio', 'virtio_pci_modern_dev', 'virtio_pci_legacy_dev', 'virtio_pci'],
  ...['failover', 'net_failover', 'virtio_net', 'llc', 'stp', 'bridge', 'configfs', 'netconsole'],
];
/** Ours, which makes the kernel fail. */
const faultModule = 'bridgehead_fault';
const faultSources = [`${faultModule}.c`, 'Kbuild'];

/** What machines are made of, in the cache. */
export interface MachineFiles {
  /** The kernel's image and its modules. */
  readonly unpacked: string;
  /** Our own module. */
  readonly built: string;
}

/** Debian's kernel for this release, unpacked, and a small system around `init`. */
export interface BootFiles {
  readonly kernel: string;
  readonly initrd: string;
}

/** Fetches and builds what is not here yet: minutes on a slow machine. */
export async function machineFiles(): Promise<MachineFiles> {
  const kernel = await kernelRelease();
  const unpacked = join(cache, `linux-${kernel.release}_${kernel.version}`);
  if ((await readdir(unpacked).catch(() => [])).length === 0) await unpack(kernel, unpacked);
  return { unpacked, built: await builtFaultModule(kernel) };
}

/** Packs the system of a machine into `folder`. */
export async function bootFiles(folder: string): Promise<BootFiles> {
  const { unpacked, built } = await machineFiles();
  const root = join(folder, 'root');
  await mkdir(join(root, 'modules'), { recursive: true });
  for (const module of modules) {
    await cp(join(unpacked, `${module}.ko`), join(root, 'modules', `${module}.ko`));
  }
  await cp(built, join(root, 'modules', `${faultModule}.ko`));
  const order = [...modules, faultModule].map((module) => `${module}.ko\n`);
  await writeFile(join(root, 'modules/order'), order.join(''));
  await cp(join(import.meta.dirname, 'init'), join(root, 'init'));
  await mkdir(join(root, 'bin'));
  const busybox = (await commandOutput(['sh', '-c', 'command -v busybox'])).trim();
  await cp(busybox, join(root, 'bin/busybox'), { dereference: true });
  await copyLibraries(busybox, root);
  const initrd = join(folder, 'initrd');
  await inFolder(root, 'find . | busybox cpio -o -H newc >../initrd');
  return { kernel: join(unpacked, 'vmlinuz'), initrd };
}

// Made beside its place and moved there whole: a run that is interrupted leaves nothing half.
async function unpack(kernel: KernelRelease, target: string): Promise<void> {
  await withDownloaded(imagePackages(kernel), async (folder) => {
    const wanted = ["'./boot/vmlinuz-*'", ...modules.map((module) => `'*/${module}.ko'`)].join(' ');
    await inFolder(folder, `dpkg-deb --fsys-tarfile *.deb | tar -x --wildcards ${wanted}`);
    await inFolder(
      folder,
      "mkdir flat && mv boot/vmlinuz-* flat/vmlinuz && find . -name '*.ko' -exec mv {} flat/ ';'",
    );
    await moveWhole(join(folder, 'flat'), target);
  });
}

// Against the headers of exactly the kernel that boots: it takes no module of another.
async function builtFaultModule(kernel: KernelRelease): Promise<string> {
  const hash = createHash('sha256').update(`${kernel.release} ${kernel.version}`);
  for (const name of faultSources) hash.update(await readFile(join(import.meta.dirname, name)));
  const target = join(cache, `${faultModule}-${hash.digest('hex').slice(0, 16)}`);
  const built = join(target, `${faultModule}.ko`);
  if ((await readdir(target).catch(() => [])).length > 0) return built;
  await withDownloaded(await headerPackages(kernel), async (folder) => {
    await inFolder(folder, 'for deb in *.deb; do dpkg-deb -x "$deb" . || exit; done');
    // Names the other package's folder as if it were installed.
    const tree = `usr/src/linux-headers-${kernel.release}`;
    await inFolder(folder, `sed -i 's#^include /usr/src/#include ../#' ${tree}/Makefile`);
    await mkdir(join(folder, 'source'));
    for (const name of faultSources) {
      await cp(join(import.meta.dirname, name), join(folder, 'source', name));
    }
    await inFolder(folder, `make -s -C ${tree} M="$PWD/source" modules`);
    await inFolder(folder, `mkdir flat && mv source/${faultModule}.ko flat/`);
    await moveWhole(join(folder, 'flat'), target);
  });
  return built;
}

async function moveWhole(from: string, target: string): Promise<void> {
  await mkdir(cache, { recursive: true });
  await rename(from, target).catch(() => cp(from, target, { recursive: true }));
}

// Debian's busybox-static needs none; its other one does.
async function copyLibraries(program: string, root: string): Promise<void> {
  const { stdout } = await runCommand(['ldd', program]);
  for (const [, path = ''] of stdout.matchAll(/(\/\S+) \(0x/g)) {
    await cp(path, join(root, path), { dereference: true, recursive: true });
  }
}
