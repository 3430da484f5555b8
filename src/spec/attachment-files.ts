import { readYaml } from './yaml-reader.ts';

/** Most files that a spec names. */
const filesMax = 4_096;

/**
 * The files that the attachments of a spec name, for whoever reads them: each once, in the order of
 * the text. Whatever is wrong with the spec is passed over: its reader says so.
 */
export function filesNamedIn(text: string): readonly string[] {
  const found = new Set<string>();
  for (const { value } of readYaml(text).documents) {
    for (const instance of listIn(value, 'instances')) {
      for (const source of Object.values(recordIn(instance, 'attachments'))) {
        const file = fieldIn(source, 'file');
        if (typeof file === 'string' && file !== '' && found.size < filesMax) found.add(file);
      }
    }
  }
  return [...found];
}

function fieldIn(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function listIn(value: unknown, name: string): readonly unknown[] {
  const list = fieldIn(value, name);
  return Array.isArray(list) ? list : [];
}

function recordIn(value: unknown, name: string): Readonly<Record<string, unknown>> {
  const record = fieldIn(value, name);
  return typeof record === 'object' && record !== null ? { ...record } : {};
}
