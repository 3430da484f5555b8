import type { CommandWords, OptionWords } from './words.ts';

/** A script for zsh: a file `_bridgehead` on the fpath, or sourced after compinit. */
export function zshCompletion(commands: readonly CommandWords[]): string {
  const paths = commands
    .filter(({ path }) => path.length > 0)
    .map(({ path }) => quoted(path.join(' ')));
  return `#compdef bridgehead
# Completion of bridgehead for zsh. Made by: bridgehead completion zsh
_bridgehead() {
  local at='' word
  local -a below first options
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "\${at:+$at }$word" in
      (${paths.join('|')}) at="\${at:+$at }$word" ;;
    esac
  done
  case "$at \${words[CURRENT-1]}" in
${commands.flatMap(valueCases).join('\n')}
  esac
  case $at in
${commands.map(commandCase).join('\n')}
  esac
  if [[ \${words[CURRENT]} == -* ]]; then
    _describe -o option options
    return
  fi
  (( $#below )) && _describe command below
  (( $#first )) && _describe argument first
  (( $#below || $#first )) || _default
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _bridgehead "$@"
else
  compdef _bridgehead bridgehead
fi
`;
}

function commandCase({ path, commands, arguments: first, options }: CommandWords): string {
  const below = commands.map(({ name, summary }) => described(name, summary));
  const flags = options.flatMap(({ flags, summary }) =>
    flags.map((flag) => described(flag, summary)),
  );
  return `    (${quoted(path.join(' '))})
      below=(${below.join(' ')})
      first=(${first.map(quoted).join(' ')})
      options=(${flags.join(' ')}) ;;`;
}

function valueCases({ path, options }: CommandWords): readonly string[] {
  return options.flatMap((option) => {
    const reply = replyOf(option);
    if (reply === null) return [];
    const flags = option.flags.map((flag) => quoted(`${path.join(' ')} ${flag}`));
    return [`    (${flags.join('|')}) ${reply}; return ;;`];
  });
}

function replyOf({ value }: OptionWords): string | null {
  if (value.kind === 'none') return null;
  if (value.kind === 'free') return "_message -r 'a value'";
  if (value.kind === 'file') return '_files';
  return `compadd -- ${value.choices.map(quoted).join(' ')}`;
}

// A colon ends the word in what _describe is given.
function described(word: string, summary: string): string {
  return quoted(`${word.replaceAll(':', '\\:')}:${summary}`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
