import type { CommandWords, OptionWords } from './words.ts';

/** A script for fish: a file `bridgehead.fish` among its completions. */
export function fishCompletion(commands: readonly CommandWords[]): string {
  const paths = commands
    .filter(({ path }) => path.length > 0)
    .map(({ path }) => quoted(path.join(' ')));
  return `# Completion of bridgehead for fish. Made by: bridgehead completion fish
function __bridgehead_at
  set -l at ''
  set -l typed (commandline -opc)
  for word in $typed[2..-1]
    set -l longer (string trim -- "$at $word")
    if contains -- $longer ${paths.join(' ')}
      set at $longer
    end
  end
  test "$at" = "$argv[1]"
end
complete -c bridgehead -f
${commands.flatMap(linesOf).join('\n')}
`;
}

function linesOf({ path, commands, arguments: first, options }: CommandWords): readonly string[] {
  const start = `complete -c bridgehead -n ${quoted(`__bridgehead_at "${path.join(' ')}"`)}`;
  return [
    ...commands.map(({ name, summary }) => `${start} -a ${name} -d ${quoted(summary)}`),
    ...(first.length === 0 ? [] : [`${start} -a ${quoted(first.join(' '))}`]),
    ...options.map((option) => `${start} ${flagsOf(option)} -d ${quoted(option.summary)}`),
  ];
}

function flagsOf({ flags, value }: OptionWords): string {
  const names = flags.map((flag) =>
    flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
  );
  return [...names, ...valueFlags(value)].join(' ');
}

function valueFlags(value: OptionWords['value']): readonly string[] {
  if (value.kind === 'none') return [];
  if (value.kind === 'file') return ['-r', '-F'];
  if (value.kind === 'free') return ['-x'];
  return ['-x', '-a', quoted(value.choices.join(' '))];
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
