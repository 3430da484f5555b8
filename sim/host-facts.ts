import type { HostFacts } from '../src/domain/model.ts';

export const images = ['image:1', 'image:2'] as const;

/** What an agent says of its host. @param address its own one on the bridge */
export function hostFacts(bootId: string, address: string): HostFacts {
  return {
    ...{ agentVersion: '0', kernel: '6.1.0', docker: '20.10', cpus: 8, memoryMib: 8_192 },
    ...{ bootId, uptimeS: 1 },
    nics: [{ name: 'eth0', driver: 'sim' }],
    bridges: [{ name: 'br0', addresses: [`${address}/16`], vlanAware: false }],
    images: images.map((reference) => ({ reference, haproxy: '2.6.12' })),
    gateways: [],
  };
}
