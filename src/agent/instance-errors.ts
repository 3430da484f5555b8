import { BridgeheadError } from '../domain/errors.ts';
import type { Epoch } from '../domain/ids.ts';
import type { ValidateResult } from '../protocol/frames.ts';
import type { Claim } from './machine.ts';

/** The error for an instance that was looked for on a host where it does not run. */
export function notHere(name: string): BridgeheadError {
  return new BridgeheadError(
    'SOURCE_MISMATCH',
    `instance ${name} does not run on this host`,
    'Look at where it runs: bridgehead get instances',
  );
}

/** The error for an instance of which this host cannot say whether it is here. */
export function notKnown(name: string): BridgeheadError {
  return new BridgeheadError(
    'ENGINE_DOWN',
    `whether instance ${name} is on this host is not known: its Docker Engine has not answered since the agent started`,
    'See to the Docker Engine of that host: systemctl status docker',
  );
}

/** The error for a request under another epoch than the host's grant for the instance. */
export function staleEpoch(name: string, asked: Epoch, current: Epoch): BridgeheadError {
  return new BridgeheadError(
    'EPOCH_STALE',
    `instance ${name}: asked to act under epoch ${asked}, but this host's grant is epoch ${current}`,
    `Look at where it is now: bridgehead describe instance ${name}`,
  );
}

/** The error for an image that the host's Engine does not hold. */
export function imageMissing(image: string): BridgeheadError {
  return new BridgeheadError(
    'IMAGE_MISSING',
    `image ${image} is not on this host`,
    `Load it into this host's Docker Engine (docker pull or docker load), or name an image that is there.`,
  );
}

/** The error for a configuration that HAProxy itself refuses. */
export function refused(name: string, verdict: ValidateResult): BridgeheadError {
  const alerts = verdict.findings.filter(({ severity }) => severity === 'alert');
  const first = alerts[0]?.message ?? 'it gives no reason';
  return new BridgeheadError(
    'CONFIG_REFUSED',
    `instance ${name}: HAProxy refuses the configuration: ${first}`,
    'Correct the configuration and apply it again; what runs was not touched.',
    {
      findings: alerts.map(({ line, message }) => ({ line: line ?? 1, column: 1, message })),
    },
  );
}

/** The error for an address that a machine outside of the fleet answers for. */
export function conflict(name: string, claim: Claim): BridgeheadError {
  return new BridgeheadError(
    'ADDRESS_CONFLICT',
    `instance ${name}: address ${claim.address} is answered for by ${claim.mac}`,
    `Find the machine with MAC ${claim.mac} on this network and take the address from it; Bridgehead goes on trying.`,
  );
}
