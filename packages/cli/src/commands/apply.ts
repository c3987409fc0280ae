import type { Command } from 'commander'
import { addApiOptions, connect, printJson, type ApiOptions } from '../api.ts'
import type { Cli } from '../cli.ts'
import { readDocuments } from '../documents/read.ts'
import { sendDocuments } from '../documents/send.ts'
import { differencesText, summaryOf } from '../documents/show.ts'

interface ApplyOptions extends ApiOptions {
  readonly file: readonly string[]
}

export const collectFile = (path: string, before: readonly string[] = []): readonly string[] => [...before, path]

export function addApply(program: Command, cli: Cli): void {
  addApiOptions(program.command('apply'))
    .description('Make the definitions in files so: all of them or none. Applying them again changes nothing')
    .requiredOption('-f, --file <path>', 'file or folder of YAML or JSON; - reads standard input; may be repeated', collectFile)
    .action(async (options: ApplyOptions) => {
      const items = await sendDocuments(connect(cli, options), readDocuments(options.file), 'apply')
      if (options.json) return printJson(cli, items)
      const text = differencesText(cli.terminal, items)
      if (text !== '') cli.terminal.print(text)
      cli.terminal.say(`${summaryOf(items)}.`)
    })
}
