// JSON schemas as types of TypeScript: for the page of the documentation and the generated client.

/** What of JSON Schema (2020-12) the document has. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly prefixItems?: readonly Schema[];
}

/** The type of a schema, over several lines where it is an object; a component by its name. */
export function typeText(schema: Schema, indent = ''): string {
  if (schema.$ref !== undefined) return schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1);
  if (schema.const !== undefined) return literal(schema.const);
  if (schema.enum !== undefined) return union(schema.enum.map(literal));
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return union(choices.map((one) => typeText(one, indent)));
  if (schema.allOf !== undefined) {
    return schema.allOf.map((one) => typeText(one, indent)).join(' & ');
  }
  const { type } = schema;
  if (Array.isArray(type)) {
    return union(type.map((one: string) => typeText({ ...schema, type: one }, indent)));
  }
  if (type === 'array') return arrayText(schema, indent);
  if (type === 'object' || schema.properties !== undefined) return objectText(schema, indent);
  return plain[type as string] ?? 'unknown';
}

const plain: Readonly<Record<string, string>> = {
  ...{ string: 'string', integer: 'number', number: 'number', boolean: 'boolean', null: 'null' },
};

function arrayText({ items, prefixItems }: Schema, indent: string): string {
  if (prefixItems !== undefined) {
    return `readonly [${prefixItems.map((one) => typeText(one, indent)).join(', ')}]`;
  }
  const text = typeText(items ?? {}, indent);
  return `readonly ${/[|&\n]/.test(text) ? `(${text})` : text}[]`;
}

function objectText(schema: Schema, indent: string): string {
  const { properties = {}, required = [], additionalProperties: more } = schema;
  const names = Object.entries(properties);
  if (names.length === 0) {
    const value = typeof more === 'object' ? typeText(more, indent) : 'unknown';
    return more === false ? 'Record<string, never>' : `Readonly<Record<string, ${value}>>`;
  }
  const inner = `${indent}  `;
  const lines = names.map(([name, one]) => {
    const key = /^[A-Za-z_]\w*$/.test(name) ? name : `'${name}'`;
    const mark = required.includes(name) ? '' : '?';
    return `${inner}readonly ${key}${mark}: ${typeText(one, inner)};`;
  });
  return `{\n${lines.join('\n')}\n${indent}}`;
}

function union(texts: readonly string[]): string {
  return [...new Set(texts)].join(' | ');
}

function literal(value: unknown): string {
  return typeof value === 'string' ? `'${value.replaceAll(/['\\]/g, '\\$&')}'` : String(value);
}
