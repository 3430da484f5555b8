import type { Finding } from '../domain/errors.ts';
import { type ConfigOrigin, configOriginOf } from './config-origin.ts';
import type { Report } from './pool-rules.ts';
import { configLengthMax, type InstanceFields } from './schema.ts';
import { renderServices, type ServiceLine } from './services/render.ts';
import { checkServices } from './services/rules.ts';
import type { Path, YamlDocument } from './yaml-reader.ts';

/** An instance's configuration in HAProxy's words, and where its lines come from. */
export interface InstanceConfig {
  readonly text: string;
  /** Null where the way it is written in YAML loses its lines, which is reported then. */
  readonly origin: ConfigOrigin | null;
}

/** The YAML that an instance stands in. */
export interface InstancePlace {
  readonly document: YamlDocument;
  readonly path: Path;
  readonly text: string;
  readonly textLines: readonly string[];
}

/** The text of `services`, `config`, or of one before the other; what is wrong is reported. */
export function instanceConfig(
  { services, config }: Pick<InstanceFields, 'services' | 'config'>,
  place: InstancePlace,
  report: Report,
): InstanceConfig {
  if (services === undefined) {
    if (config === undefined)
      report(['config'], "'config' is missing: give the configuration there, or as 'services'");
    return {
      text: config ?? '',
      origin: config === undefined ? null : nativeOrigin(place, report),
    };
  }
  const inServices: Report = (path, message) => report(['services', ...path], message);
  checkServices(services, inServices);
  const lines = [...renderServices(services)];
  const native = config === undefined ? null : nativeOrigin(place, report);
  if (config !== undefined) lines.push({ text: '', path: [] }, { text: '# config', path: [] });
  const rendered = lines.map(({ text }) => `${text}\n`).join('');
  const text = `${rendered}${config ?? ''}`;
  if (text.length > configLengthMax)
    inServices([], `the configuration comes to over ${configLengthMax} characters: split it`);
  return { text, origin: originOf(lines, native, place) };
}

function nativeOrigin(place: InstancePlace, report: Report): ConfigOrigin | null {
  const path = [...place.path, 'config'];
  const { document, text, textLines } = place;
  const start = document.positionOf(path);
  const origin = configOriginOf(document.node(path), text, textLines, start);
  if (typeof origin !== 'string') return origin;
  report(['config'], origin);
  return null;
}

// A rendered line is shown at the field that it says.
function originOf(
  lines: readonly ServiceLine[],
  native: ConfigOrigin | null,
  { document, path }: InstancePlace,
): ConfigOrigin {
  const at = (inside: Path) => document.positionOf([...path, 'services', ...inside]);
  return {
    line: at([]).line,
    indent: 0,
    toYaml: (finding: Finding) => {
      const line = lines[finding.line - 1];
      if (line !== undefined || native === null) return { ...finding, ...at(line?.path ?? []) };
      return native.toYaml({ ...finding, line: finding.line - lines.length });
    },
  };
}
