import type { Command } from 'commander'
import { addApiOptions, connect, printJson, type ApiOptions } from '../api.ts'
import type { Cli } from '../cli.ts'
import { readDocuments } from '../documents/read.ts'
import { sendDocuments } from '../documents/send.ts'
import { differencesText, summaryOf } from '../documents/show.ts'
import { Failure } from '../failure.ts'
import { parseLimit } from '../limit.ts'
import { printable } from '../printable.ts'
import type { Style } from '../terminal.ts'
import { collectFile } from './apply.ts'

interface DiffOptions extends ApiOptions {
  readonly file?: readonly string[]
  readonly exitCode?: true
}

export function addDiff(program: Command, cli: Cli): void {
  addApiOptions(program.command('diff'))
    .description('Show what applying the definitions in files would change, or what turns one version of a DAG into another')
    .argument('[dag]', 'code of a DAG, to compare two of its versions')
    .argument('[from]', 'number of the version that is departed from', parseLimit)
    .argument('[to]', 'number of the version that it turns into', parseLimit)
    .option('-f, --file <path>', 'file or folder of YAML or JSON; - reads standard input; may be repeated', collectFile)
    .option('--exit-code', 'end with 1 where something would change, or the versions differ')
    .action(
      (dag: string | undefined, from: number | undefined, to: number | undefined, options: DiffOptions, command: Command) => {
        const { file } = options
        if (file !== undefined && dag === undefined) return diffFiles(cli, file, options)
        if (file === undefined && dag !== undefined && from !== undefined && to !== undefined)
          return diffVersions(cli, { dag, from, to }, options)
        return command.error('it takes --file, or a DAG and the numbers of two of its versions.')
      },
    )
}

async function diffFiles(cli: Cli, files: readonly string[], options: DiffOptions): Promise<void> {
  const items = await sendDocuments(connect(cli, options), readDocuments(files), 'diff')
  const same = items.every(({ outcome }) => outcome === 'UNCHANGED')
  if (options.json) printJson(cli, items)
  else if (!same) cli.terminal.print(differencesText(cli.terminal, items))
  if (options.exitCode && !same) throw new Failure('FAILED', `Not applied: ${summaryOf(items)}.`)
  if (!options.json) cli.terminal.say(same ? 'Nothing would change.' : `Not applied: ${summaryOf(items)}.`)
}

interface Versions {
  readonly dag: string
  readonly from: number
  readonly to: number
}

async function diffVersions(cli: Cli, { dag, from, to }: Versions, options: DiffOptions): Promise<void> {
  const diff = await connect(cli, options).dagVersions.diff({ params: { dag, number: to }, query: { from } })
  if (options.json) printJson(cli, diff)
  else cli.terminal.print(printable(diff.text).split('\n').map(painter(cli)).join('\n'))
  if (options.exitCode && !diff.same) throw new Failure('FAILED', `Versions ${from} and ${to} of ${dag} differ.`)
}

/** A line by the sign that it begins with. */
const STYLES: Readonly<Record<string, Style>> = { '+': 'green', '-': 'red', '~': 'yellow' }

const painter =
  ({ terminal }: Cli) =>
  (line: string) => {
    const style = STYLES[line.trimStart().charAt(0)]
    return style === undefined ? line : terminal.paint(style, line)
  }
