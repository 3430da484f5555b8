// A second owner of an address, made by hand: what must never be, to show that it would be seen.

import { namespacePath } from '../../src/lab/namespaces.ts';
import { commandOutput } from '../../src/system/command.ts';

const port = 'twin0';

/** A machine behind a host's bridge that answers for somebody else's address, at the same MAC. */
export class SecondOwner implements AsyncDisposable {
  readonly host: string;
  readonly #namespace: string;

  private constructor(host: string, namespace: string) {
    this.host = host;
    this.#namespace = namespace;
  }

  /** @param address IPv4 of the lab's segment */
  static async on(
    lab: { readonly name: string },
    host: string,
    address: string,
    mac: string,
  ): Promise<SecondOwner> {
    const namespace = `bh-twin-${lab.name}`;
    await commandOutput(['ip', 'netns', 'add', namespace]);
    const owner = new SecondOwner(host, namespace);
    const atHost = ['nsenter', `--net=${namespacePath(`bh-${lab.name}-${host}`)}`] as const;
    await commandOutput([...atHost, 'ip', '-batch', '-'], {
      input: `link add ${port} type veth peer name eth0 address ${mac} netns ${namespace}
        link set ${port} master br0 up\n`,
    });
    await commandOutput(['ip', '-netns', namespace, '-batch', '-'], {
      input: `addr add ${address}/16 dev eth0\nlink set eth0 up\n`,
    });
    return owner;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await commandOutput(['ip', '-netns', this.#namespace, 'link', 'delete', 'eth0']);
    await commandOutput(['ip', 'netns', 'delete', this.#namespace]);
  }
}
