// The documentation of the API as plain pages: no script, nothing from elsewhere.

import type { BridgeheadError } from '../domain/errors.ts';
import type { ApiDocument, Content, Described } from './document.ts';
import { typeText } from './type-text.ts';

/** The page of all operations and schemas. */
export function docsPage(document: ApiDocument): string {
  const all = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, one]) => ({ method, path, one })),
  );
  const tags = (document.tags ?? []).map(({ name }) => name);
  const sections = tags.map((tag) => {
    const mine = all.filter(({ one }) => one.tags?.includes(tag));
    return `<section><h2 id="tag-${escape(tag)}">${escape(tag)}</h2>
${mine.map(({ method, path, one }) => operationHtml(method, path, one)).join('\n')}
</section>`;
  });
  const schemas = Object.entries(document.components.schemas).map(
    ([name, schema]) =>
      `<h3 id="schema-${escape(name)}">${escape(name)}</h3>\n<pre>${code(typeText(schema))}</pre>`,
  );
  return pageHtml(
    `Bridgehead ${document.info.version}: the API`,
    tags.map((tag) => ({ href: `#tag-${tag}`, text: tag })),
    `<p>Machines read <a href="/openapi.json">/openapi.json</a>. Requests carry
<code>Authorization: Bearer TOKEN</code>. What goes wrong is answered as
<a href="#schema-Problem">Problem</a>; <a href="/docs/errors">each code is explained</a>.</p>
${sections.join('\n')}
<section><h2 id="schemas">Schemas</h2>
${schemas.join('\n')}
</section>`,
  );
}

/** What a browser is shown that has been refused. */
export function refusalPage(title: string, { code, message, next }: BridgeheadError): string {
  const links = [{ href: '/', text: 'Bridgehead' }];
  return pageHtml(
    title,
    links,
    `<p>${escape(message)}</p>
<p>${escape(next)}</p>
<p><a href="/docs/errors#${escape(code)}">${escape(code)}</a></p>`,
  );
}

/** The page of error codes. @param markdown docs/errors.md: a section for each code, one paragraph long */
export function errorsPage(markdown: string): string {
  const [, ...sections] = markdown.split(/^## /m);
  const parts = sections.map((section) => {
    const [name = '', ...lines] = section.split('\n');
    return { name, text: lines.join(' ').trim() };
  });
  return pageHtml(
    'Bridgehead: errors',
    parts.map(({ name }) => ({ href: `#${name}`, text: name })),
    parts
      .map(
        ({ name, text }) =>
          `<section><h2 id="${escape(name)}">${escape(name)}</h2>\n<p>${prose(text)}</p></section>`,
      )
      .join('\n'),
  );
}

function operationHtml(method: string, path: string, one: Described): string {
  const rows = (one.parameters ?? []).map(
    (parameter) =>
      `<tr><td><code>${escape(parameter.name)}</code></td><td>${escape(parameter.in)}</td>` +
      `<td><code>${code(typeText(parameter.schema))}</code></td>` +
      `<td>${parameter.required === true ? 'required' : ''}</td></tr>`,
  );
  const answers = Object.entries(one.responses);
  const good = answers.filter(([status]) => status.startsWith('2'));
  const failed = answers.filter(([status]) => /^[45]/.test(status)).map(([status]) => status);
  return `<article id="${escape(one.operationId ?? '')}">
<h3><span class="method">${method.toUpperCase()}</span> <code>${escape(path)}</code></h3>
<p>${escape(one.summary ?? '')}</p>
${rows.length === 0 ? '' : `<table><tbody>${rows.join('')}</tbody></table>`}
${contentHtml('Body', one.requestBody?.content)}
${good.map(([status, { content }]) => contentHtml(`Answer ${status}`, content)).join('\n')}
<p class="failures">Problems: ${failed.join(', ')}</p>
</article>`;
}

function contentHtml(what: string, content: Content | undefined): string {
  return Object.entries(content ?? {})
    .map(
      ([type, { schema }]) =>
        `<details><summary>${what} <code>${escape(type)}</code></summary>` +
        `<pre>${code(typeText(schema))}</pre></details>`,
    )
    .join('\n');
}

function pageHtml(
  title: string,
  links: readonly { readonly href: string; readonly text: string }[],
  main: string,
): string {
  const items = links.map(
    ({ href, text }) => `<li><a href="${escape(href)}">${escape(text)}</a></li>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<link rel="stylesheet" href="/docs/style.css">
</head>
<body>
<nav aria-label="Contents"><ul>${items.join('')}</ul></nav>
<main>
<h1>${escape(title)}</h1>
${main}
</main>
</body>
</html>
`;
}

/** Names of schemas in the text of a type as links; a type's text has them as capitalized words. */
function code(text: string): string {
  return escape(text).replaceAll(/(?<![\w&'/-])([A-Z]\w+)(?=[;,)[\]\s]|$)/g, (word) =>
    word === 'Record' || word === 'Readonly' ? word : `<a href="#schema-${word}">${word}</a>`,
  );
}

/** A paragraph of Markdown with its words in backticks. */
function prose(text: string): string {
  return escape(text)
    .replaceAll(/`([^`]+)`/g, '<code>$1</code>')
    .replaceAll(/\[([^\]]+)\]\([^)]+\)/g, '$1');
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

export const docsStyle = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; display: grid; grid-template-columns: minmax(10rem, 15rem) minmax(0, 1fr); }
nav { padding: 1rem; height: 100vh; overflow: auto; position: sticky; top: 0; box-sizing: border-box; }
nav ul { list-style: none; margin: 0; padding: 0; overflow-wrap: anywhere; }
main { padding: 1rem 2rem; max-width: 60rem; }
article { border-top: 1px solid #8888; padding: 0.5rem 0; }
h3 { font-size: 1rem; overflow-wrap: anywhere; }
.method { display: inline-block; min-width: 3.5rem; }
.failures { font-size: 0.875rem; }
pre { overflow: auto; padding: 0.75rem; border: 1px solid #8888; border-radius: 0.25rem; }
table { border-collapse: collapse; width: 100%; font-size: 0.875rem; }
td { border: 1px solid #8888; padding: 0.25rem 0.5rem; overflow-wrap: anywhere; }
@media (max-width: 45rem) {
  body { display: block; }
  nav { position: static; height: auto; max-height: 12rem; }
  main { padding: 1rem; }
}
`;
