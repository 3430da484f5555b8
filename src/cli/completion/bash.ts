import type { CommandWords, OptionWords } from './words.ts';

/** A script for bash, to be sourced. Needs no bash-completion package. */
export function bashCompletion(commands: readonly CommandWords[]): string {
  const words = commands.map(({ path, commands: below, arguments: first, options }) => {
    const plain = [...below.map(({ name }) => name), ...first].join(' ');
    const flags = options.flatMap(({ flags }) => flags.at(-1) ?? []).join(' ');
    return `    '${path.join(' ')}') words='${plain}' options='${flags}' ;;`;
  });
  const values = valueCases(commands).map(
    ({ flags, reply }) => `    ${flags.join('|')}) ${reply}; return ;;`,
  );
  const paths = commands
    .filter(({ path }) => path.length > 0)
    .map(({ path }) => `'${path.join(' ')}'`);
  return `# Completion of bridgehead for bash. Made by: bridgehead completion bash
_bridgehead() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} word
  local at='' words='' options=''
  COMPREPLY=()
  case $previous in
${values.join('\n')}
  esac
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${at:+$at }$word" in
      ${paths.join('|')}) at="\${at:+$at }$word" ;;
    esac
  done
  case $at in
${words.join('\n')}
  esac
  if [[ $current == -* || -z $words ]]; then words=$options; fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _bridgehead bridgehead
`;
}

interface ValueCase {
  readonly flags: readonly string[];
  readonly reply: string;
}

// By the option's name alone: bash is told what stands before the cursor, not of which command.
// `agent --server` and `--server` both want a free text, and no other name has two meanings.
function valueCases(commands: readonly CommandWords[]): readonly ValueCase[] {
  const cases = new Map<string, ValueCase>();
  for (const option of commands.flatMap(({ options }) => options)) {
    const reply = replyOf(option);
    if (reply !== null) cases.set(option.flags.join('|'), { flags: option.flags, reply });
  }
  return [...cases.values()];
}

function replyOf({ value }: OptionWords): string | null {
  if (value.kind === 'none') return null;
  if (value.kind === 'free') return ':';
  if (value.kind === 'file') return 'COMPREPLY=($(compgen -f -- "$current"))';
  return `COMPREPLY=($(compgen -W '${value.choices.join(' ')}' -- "$current"))`;
}
