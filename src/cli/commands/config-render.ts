import { BridgeheadError } from '../../domain/errors.ts';
import { parseSpec } from '../../spec/parse.ts';
import { findingText } from '../findings.ts';
import type { Session } from '../session.ts';
import { readSpecFiles } from '../spec-files.ts';
import { readSpecText } from '../spec-text.ts';
import { paintFor } from '../terminal.ts';

export interface RenderOptions {
  /** A path, or `-` for standard input. */
  readonly file: string;
  /** Undefined for all instances. */
  readonly instance: string | undefined;
}

/**
 * Prints the configurations that the instances of a spec come to, as their owners would write them:
 * without what Bridgehead adds, and with binds as they are before addresses are given.
 *
 * @throws BridgeheadError SPEC_INVALID, NOT_FOUND
 */
export async function renderConfigs(session: Session, options: RenderOptions): Promise<void> {
  const { terminal, format } = session;
  const { source, text } = await readSpecText(terminal, options.file);
  // What the spec refers to may be in the fleet already.
  const known = { isPartial: true, pools: [], instances: [] };
  const files = await readSpecFiles(text, options.file);
  const { spec, findings } = parseSpec(text, source, known, files);
  if (spec === null) {
    if (format !== 'json') {
      const paint = paintFor(terminal, 'err');
      for (const finding of findings)
        terminal.err(`${findingText(source, text, finding, 'error', paint)}\n`);
    }
    throw new BridgeheadError(
      'SPEC_INVALID',
      `${findings.length} fault${findings.length === 1 ? '' : 's'} in ${source}`,
      'Change the spec at the places that are named.',
      { findings },
    );
  }
  const { instance } = options;
  const configs = spec.instances
    .filter(({ name }) => instance === undefined || name === instance)
    .map(({ name, config }) => ({ instance: name, config }));
  if (configs.length === 0) {
    throw new BridgeheadError(
      'NOT_FOUND',
      instance === undefined
        ? `${source} has no instance`
        : `${source} has no instance '${instance}'`,
      `The instances in it: ${spec.instances.map(({ name }) => name).join(', ') || 'none'}.`,
    );
  }
  await session.print(configs, () =>
    configs
      .map(({ instance: name, config }) =>
        configs.length === 1 ? config.trimEnd() : `# Instance ${name}\n${config.trimEnd()}`,
      )
      .join('\n\n'),
  );
}
