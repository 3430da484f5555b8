import { Argument, type Command } from 'commander';
import { type CommandLine, does } from './verb.ts';

/** Adds `completion bash`, which prints a script made from the very commands there are. */
export function addCompletionVerb(program: Command, line: CommandLine): void {
  const completion = program
    .commandsGroup('Shell:')
    .command('completion')
    .description('print the completion script of a shell')
    .addArgument(new Argument('<shell>').choices(['bash']));
  does(
    line,
    completion,
    ['completion bash > /etc/bash_completion.d/bridgehead'],
    async (session) => {
      session.terminal.out(bashCompletion(program));
    },
  );
}

const kinds = ['hosts', 'pools', 'instances', 'events'];

/** A bash script that completes commands, options, kinds and, for files, what the shell has. */
export function bashCompletion(program: Command): string {
  const cases = casesOf(program, []).map(
    ({ path, words }) => `    '${path.join(' ')}') words='${words.join(' ')}' ;;`,
  );
  return `# Completion of bridgehead for bash. Made by: bridgehead completion bash
_bridgehead() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} path='' words='' word
  case $previous in
    -f|--file|--token-file|--join-token-file|--data-dir) COMPREPLY=($(compgen -f -- "$current")); return ;;
    -o|--output) COMPREPLY=($(compgen -W 'table json yaml' -- "$current")); return ;;
  esac
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in
      -*) ;;
      *) case " $(_bridgehead_words "$path") " in *" $word "*) path="\${path:+$path }$word" ;; esac ;;
    esac
  done
  words=$(_bridgehead_words "$path")
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
_bridgehead_words() {
  local words=''
  case $1 in
${cases.join('\n')}
  esac
  echo "$words"
}
complete -F _bridgehead bridgehead
`;
}

function casesOf(
  command: Command,
  path: readonly string[],
): readonly { readonly path: readonly string[]; readonly words: readonly string[] }[] {
  const options = command.options.flatMap((option) => option.long ?? option.short ?? []);
  const takesKind = command.registeredArguments[0]?.name() === 'kind';
  const words = [
    ...command.commands.map((one) => one.name()),
    ...(takesKind ? kinds : []),
    ...options,
    '--help',
  ];
  const below = command.commands.flatMap((one) => casesOf(one, [...path, one.name()]));
  return [{ path, words }, ...below];
}
