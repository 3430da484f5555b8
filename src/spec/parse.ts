import type { z } from 'zod';
import type { Finding } from '../domain/errors.ts';
import type { HostName, InstanceName } from '../domain/ids.ts';
import type { InstanceSpec, Pool } from '../domain/model.ts';
import type { RolloutSettings } from '../domain/rollout.ts';
import { withListedCertificates } from '../haproxy/crt-list.ts';
import { readAttachments, type SpecFiles } from './attachments.ts';
import type { ConfigOrigin } from './config-origin.ts';
import { withFragments } from './fragments.ts';
import { instanceConfig } from './instance-config.ts';
import { instanceOf } from './instance-rules.ts';
import { faultsOf } from './issue-message.ts';
import { PoolSpace, poolOf, type Report } from './pool-rules.ts';
import { apiVersion, documentSchema, hostSchema, instanceSchema, poolSchema } from './schema.ts';
import type { HostSpec, Known, ParsedSpec } from './spec.ts';
import { type Path, readYaml, type YamlDocument } from './yaml-reader.ts';

/** Longest text that is read, characters; as much as the API takes. */
export const specLengthMax = 16 * 1024 * 1024;

const findingsMax = 200;
const nothingKnown: Known = { pools: [], instances: [] };

/**
 * Reads a spec: YAML documents of `apiVersion: bridgehead/v1` with lists of pools, hosts and
 * instances, which are taken together where a text has several. Never throws: whatever is wrong is
 * a finding with its line and column, at most 200 of them, in the order of the text.
 *
 * @param source name of the file, for messages
 * @param known pools and instances that exist, to which the spec may refer
 * @param files what is in the files that it names
 */
export function parseSpec(
  text: string,
  source: string,
  known: Known = nothingKnown,
  files: SpecFiles = new Map(),
): ParsedSpec {
  if (text.length > specLengthMax) {
    const message = `${source} has over ${specLengthMax} characters: split it`;
    return refused([{ line: 1, column: 1, message }]);
  }
  const { documents, findings } = readYaml(text);
  if (findings.length > 0) return refused(findings);
  if (documents.length === 0) {
    const message = `${source} is empty: it must begin with 'apiVersion: ${apiVersion}'`;
    return refused([{ line: 1, column: 1, message }]);
  }
  return new SpecReader(text, known, files).read(documents);
}

function refused(findings: readonly Finding[]): ParsedSpec {
  return { spec: null, findings, configOrigin: () => null, contents: new Map() };
}

/** One entry of a list, checked by its schema. `fields` is null where that failed. */
interface Entry<Fields> {
  readonly kind: Kind;
  /** Null where it is not even text. */
  readonly name: string | null;
  readonly fields: Fields | null;
  readonly document: YamlDocument;
  readonly path: Path;
}

type Kind = 'pool' | 'host' | 'instance';

class SpecReader {
  readonly #text: string;
  readonly #known: Known;
  readonly #findings: Finding[] = [];
  readonly #origins = new Map<string, ConfigOrigin>();
  readonly #files: SpecFiles;
  readonly #contents = new Map<string, Uint8Array>();

  constructor(text: string, known: Known, files: SpecFiles) {
    this.#text = text;
    this.#known = known;
    this.#files = files;
  }

  read(documents: readonly YamlDocument[]): ParsedSpec {
    const read = documents.map((document) => ({
      document,
      fields: this.#checked(document, [], documentSchema),
    }));
    const sound = read.flatMap(({ document, fields }) => (fields === null ? [] : document));
    const pools = this.#entries(sound, 'pool', poolSchema);
    const hosts = this.#entries(sound, 'host', hostSchema);
    const instances = this.#entries(sound, 'instance', instanceSchema);
    const poolsRead = this.#pools(pools);
    const spec = {
      pools: poolsRead,
      hosts: hosts.flatMap(({ fields }): readonly HostSpec[] =>
        fields === null
          ? []
          : [{ ...fields, name: fields.name as HostName, capacity: fields.capacity ?? null }],
      ),
      instances: this.#instances(instances, poolsRead, namesOf(pools)),
      rollout: this.#rollout(read),
    };
    const findings = this.#findings.toSorted((a, b) => a.line - b.line || a.column - b.column);
    return {
      spec: findings.length === 0 ? spec : null,
      findings,
      configOrigin: (instance: InstanceName) => this.#origins.get(instance) ?? null,
      contents: this.#contents,
    };
  }

  #rollout(
    read: readonly {
      readonly document: YamlDocument;
      readonly fields: z.infer<typeof documentSchema> | null;
    }[],
  ): RolloutSettings | null {
    const [first, second] = read.filter(({ fields }) => fields?.rollout !== undefined);
    if (second !== undefined) {
      const message =
        "there is a 'rollout' already, which is for the whole spec: leave one of them";
      this.#report(second.document, ['rollout'], message, { atKey: true });
    }
    return first?.fields?.rollout ?? null;
  }

  /** The object at `path` as its schema reads it; null, and a report, where it does not fit. */
  #checked<Fields>(
    document: YamlDocument,
    path: Path,
    schema: z.ZodType<Fields>,
    object?: string,
  ): Fields | null {
    const input = valueAt(document, path);
    const result = schema.safeParse(input);
    if (result.success) return result.data;
    for (const fault of faultsOf(result.error.issues, schema, input)) {
      const at = [...path, ...fault.path];
      this.#report(document, at, fault.message, { atKey: fault.atKey, object });
    }
    return null;
  }

  #report(
    document: YamlDocument,
    path: Path,
    message: string,
    options: { readonly atKey?: boolean; readonly object?: string | undefined } = {},
  ): void {
    if (this.#isFull) return;
    const position =
      options.atKey === true ? document.positionOfKey(path) : document.positionOf(path);
    const object = options.object === undefined ? {} : { object: options.object };
    this.#findings.push({ ...position, message, ...object });
  }

  /** True where nobody will read more: whatever is checked from here on is for nothing. */
  get #isFull(): boolean {
    return this.#findings.length >= findingsMax;
  }

  #reporter(entry: Entry<unknown>): Report {
    return (path, message) =>
      this.#report(entry.document, [...entry.path, ...path], message, { object: labelOf(entry) });
  }

  #entries<Fields>(
    documents: readonly YamlDocument[],
    kind: Kind,
    schema: z.ZodType<Fields>,
  ): readonly Entry<Fields>[] {
    const seen = new Map<string, number>();
    return documents.flatMap((document) => {
      const list = valueAt(document, [`${kind}s`]);
      if (!Array.isArray(list)) return [];
      return list.map((input: unknown, index): Entry<Fields> => {
        const path = [`${kind}s`, index];
        const name = nameIn(input);
        const base = { kind, name, document, path };
        const fields = this.#checked(document, path, schema, labelOf(base));
        const entry = { ...base, fields };
        if (name === null) return entry;
        const before = seen.get(name);
        const { line } = document.positionOf([...path, 'name']);
        if (before === undefined) seen.set(name, line);
        else {
          const message = `there is a ${kind} '${name}' on line ${before} already: rename one`;
          this.#reporter(entry)(['name'], message);
        }
        return entry;
      });
    });
  }

  #pools(entries: readonly Entry<z.infer<typeof poolSchema>>[]): readonly Pool[] {
    const declared = namesOf(entries);
    const space = new PoolSpace();
    for (const pool of this.#known.pools) if (!declared.has(pool.name)) space.add(pool);
    const pools: Pool[] = [];
    for (const entry of entries) {
      if (this.#isFull) break;
      const report = this.#reporter(entry);
      const pool = entry.fields === null ? null : poolOf(entry.fields, report);
      if (pool === null) continue;
      const other = space.add(pool);
      if (other !== null) {
        report(
          ['cidr'],
          `${pool.cidr} overlaps with pool ${other.name} (${other.cidr}): an address may belong ` +
            'to one pool only',
        );
      }
      pools.push(pool);
    }
    return pools;
  }

  #instances(
    entries: readonly Entry<z.infer<typeof instanceSchema>>[],
    pools: readonly Pool[],
    declaredPools: ReadonlySet<string>,
  ): readonly InstanceSpec[] {
    const { pools: knownPools, instances: known } = this.#known;
    const beside = knownPools.filter(({ name }) => !declaredPools.has(name));
    const around = {
      isPartial: this.#known.isPartial === true,
      pools: new Map([...beside, ...pools].map((pool) => [pool.name as string, pool])),
      poolNames: new Set([...beside.map(({ name }) => name as string), ...declaredPools]),
      instanceNames: new Set([...known.map(({ name }) => name as string), ...namesOf(entries)]),
      held: new Map(known.map(({ name, addresses }) => [name as string, new Set(addresses)])),
      asked: new Map<string, string>(),
    };
    const textLines = this.#text.split('\n');
    return entries.flatMap((entry) => {
      if (entry.fields === null || this.#isFull) return [];
      const report = this.#reporter(entry);
      const { services, config, attachments: sources, ...fields } = entry.fields;
      const { document, path } = entry;
      const place = { document, path, text: this.#text, textLines };
      const read = readAttachments(sources, this.#files, report);
      const { fragments, contents } = read;
      for (const [hash, content] of contents) this.#contents.set(hash, content);
      const main = instanceConfig({ services, config }, place, report);
      const { text, origin } = withFragments(main, fragments, place, report);
      if (origin !== null) this.#origins.set(fields.name, origin);
      const instance = instanceOf(fields, text, around, report);
      const attachments = withListedCertificates(text, read.attachments, (one) =>
        contents.get(one.sha256),
      );
      return [attachments.length === 0 ? instance : { ...instance, attachments }];
    });
  }
}

function namesOf(entries: readonly Entry<unknown>[]): ReadonlySet<string> {
  return new Set(entries.flatMap(({ name }) => (name === null ? [] : [name])));
}

function labelOf(entry: Omit<Entry<unknown>, 'fields'>): string {
  return `${entry.kind} ${entry.name ?? `number ${Number(entry.path.at(-1)) + 1}`}`;
}

function nameIn(input: unknown): string | null {
  const name: unknown =
    typeof input === 'object' && input !== null ? Reflect.get(input, 'name') : null;
  return typeof name === 'string' ? name : null;
}

function valueAt(document: YamlDocument, path: Path): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined,
    document.value,
  );
}
