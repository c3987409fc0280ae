import { Argument, type Command } from 'commander'
import type { Cli } from '../cli.ts'
import { completionScript, completionsOf, SHELLS, type Shell } from '../completion.ts'

export function addCompletion(program: Command, cli: Cli): void {
  program
    .command('completion')
    .description('Print a script that completes commands and options: source <(npx carillon completion bash)')
    .addArgument(new Argument('<shell>', `one of ${SHELLS.join(', ')}`).choices(SHELLS))
    .action((shell: Shell) => cli.terminal.print(completionScript(shell, completionsOf(program))))
}
