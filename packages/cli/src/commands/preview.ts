import { compileSchedule, previewFires, whyNoFire, type PreviewFire } from '@carillon/core'
import { Option, type Command } from 'commander'
import { printJson } from '../api.ts'
import type { Cli } from '../cli.ts'
import { Failure } from '../failure.ts'
import { parseLimit } from '../limit.ts'
import { table, type Column } from '../table.ts'

interface PreviewOptions {
  readonly zone: string
  readonly count: number
  readonly dst: 'DEFAULT' | 'SKIP' | 'SHIFT' | 'BOTH'
  readonly json?: true
}

const COLUMNS: readonly Column<PreviewFire>[] = [
  { title: 'FIRES AT', text: ({ local }) => local },
  { title: 'DAY', text: ({ weekday }) => weekday },
  { title: 'CLOCK CHANGE', text: ({ dst }) => (dst === null ? '' : CHANGES[dst]) },
]

const CHANGES = {
  GAP: 'for a time that the change leaves out',
  OVERLAP_FIRST: 'the first of two such times',
  OVERLAP_SECOND: 'the second of two such times',
} as const

export function addPreview(program: Command, cli: Cli): void {
  program
    .command('preview <cron>')
    .description('Show when a cron expression fires next; needs no server')
    .option('--zone <name>', 'timezone, such as Asia/Shanghai', Intl.DateTimeFormat().resolvedOptions().timeZone)
    .addOption(new Option('-n, --count <number>', 'how many fires').default(10).argParser(parseLimit))
    .addOption(
      new Option('--dst <policy>', 'of fixed times when the clocks change')
        .choices(['DEFAULT', 'SKIP', 'SHIFT', 'BOTH'])
        .default('DEFAULT'),
    )
    .option('--json', 'print JSON, for programs')
    .action((expression: string, options: PreviewOptions) => {
      const schedule = compile(expression, options)
      const now = Date.now()
      const never = whyNoFire(schedule, now)
      if (never !== null) throw new Failure('USAGE', never)
      const fires = previewFires(schedule, now, options.count)
      if (options.json) printJson(cli, fires)
      else cli.terminal.print(table(cli.terminal, COLUMNS, fires))
    })
}

function compile(expression: string, { zone, dst }: PreviewOptions) {
  const timing = { kind: 'CRON', expression, timezone: zone, dst } as const
  const compiled = compileSchedule({ timing, startAt: null, endAt: null, jitterMs: 0, calendars: [] })
  if (compiled.ok) return compiled.schedule
  throw new Failure('USAGE', compiled.problems.map(({ message }) => message).join('\n  '))
}
