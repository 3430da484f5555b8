import { BridgeheadError, type Finding } from '../domain/errors.ts';
import type { HostName, InstanceName } from '../domain/ids.ts';
import type { Attachment, InstanceSpec } from '../domain/model.ts';
import { strangeFiles } from '../haproxy/attachment-references.ts';
import { type ConfigLine, readConfig } from '../haproxy/config-lines.ts';
import { locateFinding } from '../haproxy/locate.ts';
import type { Hands } from '../operations/hands.ts';
import { validateResult } from '../protocol/frames.ts';
import { configFindings } from '../spec/config-origin.ts';
import type { FleetState } from '../store/store.ts';
import { type ApplyPlan, invalid, type PlannedInstance } from './apply-plan.ts';
import type { AttachmentDesk } from './attachment-desk.ts';
import { certificateFaults } from './certificate-needs.ts';

const validateTimeoutMs = 30_000;
const validationsAtOnce = 4;

/**
 * Whether what configurations name as certificates is there, for their owners.
 *
 * @throws BridgeheadError SPEC_INVALID with places in the spec
 */
export function checkCertificates(
  plan: ApplyPlan,
  owners: ReadonlyMap<string, string>,
  source: string,
): void {
  const faults = plan.instances.flatMap(({ instance: { spec } }) =>
    configFindings(plan.parsed, spec.name, certificateFaults(spec, owners)),
  );
  if (faults.length > 0) throw invalid(source, faults);
}

/**
 * Has HAProxy judge every configuration that is new to the fleet, and old ones that meet a new
 * image, each by the very image that will run it.
 *
 * @returns what it warns of
 * @throws BridgeheadError CONFIG_REFUSED with places in the spec, VALIDATION_UNAVAILABLE,
 * IMAGE_MISSING
 */
export async function validateAll(
  plan: ApplyPlan,
  fleet: FleetState,
  source: string,
  hands: Hands,
  desk: AttachmentDesk,
): Promise<readonly Finding[]> {
  const toJudge = [...plan.instances, ...plan.held].filter(
    ({ instance, before }) =>
      before?.configHash !== instance.configHash || before.spec.image !== instance.spec.image,
  );
  const warnings: Finding[] = [];
  const faults: Finding[] = [];
  for (let first = 0; first < toJudge.length; first += validationsAtOnce) {
    const part = toJudge.slice(first, first + validationsAtOnce);
    const results = await Promise.all(
      part.map((one) => validateOne(one, plan, fleet, hands, desk)),
    );
    for (const result of results) {
      warnings.push(...result.warnings);
      faults.push(...result.faults);
    }
  }
  if (faults.length === 0) return warnings;
  const head = faults[0];
  throw new BridgeheadError(
    'CONFIG_REFUSED',
    `${source}:${head?.line}:${head?.column}: HAProxy refuses the configuration of ${head?.object}: ${head?.message}`,
    'Correct the configuration and apply it again; nothing was changed.',
    { findings: [...faults, ...warnings] },
  );
}

async function validateOne(
  { instance, rendered }: PlannedInstance,
  plan: ApplyPlan,
  fleet: FleetState,
  hands: Hands,
  desk: AttachmentDesk,
): Promise<{ readonly faults: readonly Finding[]; readonly warnings: readonly Finding[] }> {
  const { name, image, config, attachments = [] } = instance.spec;
  const judge = judgeFor(image, name, fleet, hands);
  const hashes = attachments.map(({ sha256 }) => sha256);
  using _ = desk.lend(judge, hashes, plan.parsed.contents);
  const body = { kind: 'validate', image, config: rendered.text } as const;
  const verdict = validateResult.parse(await hands.ask(judge, body, validateTimeoutMs));
  const lines = readConfig(config);
  const located = (severity: 'alert' | 'warning') =>
    configFindings(
      plan.parsed,
      name,
      verdict.findings
        .filter((finding) => finding.severity === severity)
        .map((finding) => advised(locateFinding(finding, rendered, config), lines, attachments)),
    );
  const alerts = located('alert');
  const silent = { line: 1, column: 1, message: 'it gives no reason', object: `instance ${name}` };
  const faults = verdict.valid ? [] : alerts.length > 0 ? alerts : [silent];
  return { faults, warnings: located('warning') };
}

/** What of an instance's attachments came with the spec, by SHA-256. */
export function contentsOf(
  { attachments = [] }: Pick<InstanceSpec, 'attachments'>,
  { parsed }: ApplyPlan,
): ReadonlyMap<string, Uint8Array> {
  return new Map(
    attachments.flatMap(({ sha256 }) => {
      const content = parsed.contents.get(sha256);
      return content === undefined ? [] : [[sha256, content] as const];
    }),
  );
}

// HAProxy says that a file is not there, but not what to do about it.
function advised(
  finding: Finding,
  lines: readonly ConfigLine[],
  attachments: readonly Attachment[],
): Finding {
  const line = lines[finding.line - 1];
  const advice = line === undefined ? '' : strangeFiles(line, attachments);
  return advice === '' ? finding : { ...finding, message: `${finding.message}; ${advice}` };
}

function judgeFor(image: string, name: InstanceName, fleet: FleetState, hands: Hands): HostName {
  const ready = fleet.hosts.filter((host) => hands.isConnected(host.name));
  const judge = ready.find(({ facts }) =>
    facts?.images.some(({ reference }) => reference === image),
  );
  if (judge !== undefined) return judge.name;
  if (ready.length === 0) {
    throw new BridgeheadError(
      'VALIDATION_UNAVAILABLE',
      `instance ${name}: no host is connected that could judge its configuration with image ${image}`,
      'Let a host join whose Docker Engine holds the image, then apply the spec again.',
    );
  }
  throw new BridgeheadError(
    'IMAGE_MISSING',
    `instance ${name}: none of the ${ready.length} connected hosts holds image ${image}`,
    'Load the image into the Docker Engine of the hosts that are to run it, or name one they hold.',
  );
}
