import { Argument, type Command } from 'commander';
import { bashCompletion } from './completion/bash.ts';
import { fishCompletion } from './completion/fish.ts';
import { wordsOf } from './completion/words.ts';
import { zshCompletion } from './completion/zsh.ts';
import { type CommandLine, does } from './verb.ts';

const writers = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;
type Shell = keyof typeof writers;

/** Adds `completion SHELL`, which prints a script made from the very commands there are. */
export function addCompletionVerb(program: Command, line: CommandLine): void {
  const completion = program
    .commandsGroup('Shell:')
    .command('completion')
    .description('print the completion script of a shell')
    .addArgument(new Argument('<shell>').choices(Object.keys(writers)));
  does(
    line,
    completion,
    [
      'completion bash > /etc/bash_completion.d/bridgehead',
      'completion zsh > /usr/local/share/zsh/site-functions/_bridgehead',
      'completion fish > ~/.config/fish/completions/bridgehead.fish',
    ],
    async (session, [shell = 'bash']) => {
      session.terminal.out(completionScript(program, shell as Shell));
    },
  );
}

/** The script that teaches a shell the commands of `program`. */
export function completionScript(program: Command, shell: Shell): string {
  return writers[shell](wordsOf(program));
}
