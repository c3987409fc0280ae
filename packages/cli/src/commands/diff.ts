import type { Command } from 'commander'
import { addApiOptions, connect, printJson, type ApiOptions } from '../api.ts'
import type { Cli } from '../cli.ts'
import { readDocuments } from '../documents/read.ts'
import { sendDocuments } from '../documents/send.ts'
import { differencesText, summaryOf } from '../documents/show.ts'
import { Failure } from '../failure.ts'
import { collectFile } from './apply.ts'

interface DiffOptions extends ApiOptions {
  readonly file: readonly string[]
  readonly exitCode?: true
}

export function addDiff(program: Command, cli: Cli): void {
  addApiOptions(program.command('diff'))
    .description('Show what applying the definitions in files would change')
    .requiredOption('-f, --file <path>', 'file or folder of YAML or JSON; - reads standard input; may be repeated', collectFile)
    .option('--exit-code', 'end with 1 where something would change')
    .action(async (options: DiffOptions) => {
      const items = await sendDocuments(connect(cli, options), readDocuments(options.file), 'diff')
      const same = items.every(({ outcome }) => outcome === 'UNCHANGED')
      if (options.json) printJson(cli, items)
      else if (!same) cli.terminal.print(differencesText(cli.terminal, items))
      if (options.exitCode && !same) throw new Failure('FAILED', `Not applied: ${summaryOf(items)}.`)
      if (!options.json) cli.terminal.say(same ? 'Nothing would change.' : `Not applied: ${summaryOf(items)}.`)
    })
}
