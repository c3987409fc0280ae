import { InvalidArgumentError, Option, type Command } from 'commander'
import { addApiOptions, connect, printJson, type ApiOptions } from '../api.ts'
import type { Cli } from '../cli.ts'
import { parseLimit } from '../limit.ts'
import { momentOf, parseMoment } from '../moment.ts'
import { collectParam, parseParams, type Params } from '../params.ts'

interface BackfillOptions extends ApiOptions {
  readonly from: number
  readonly to: number
  readonly perMinute?: number
  readonly param?: Params
  readonly params?: Params
}

export function addBackfill(program: Command, cli: Cli): void {
  addApiOptions(program.command('backfill <schedule>'))
    .description('Run the fires that a schedule had in a past range, at a rate of its own')
    .requiredOption(
      '--from <time>',
      'from then on, such as 2026-01-31 or 2026-01-31T09:00Z; without an offset it is local',
      readMoment,
    )
    .requiredOption('--to <time>', 'until then, exclusive', readMoment)
    .addOption(new Option('--per-minute <number>', 'runs that are started a minute').argParser(parseLimit))
    .option('-p, --param <key=value>', "a parameter over the schedule's own; JSON, else text; may be repeated", collectParam)
    .option('--params <json>', 'such parameters as a JSON object', parseParams)
    .action(async (schedule: string, options: BackfillOptions) => {
      const { from, to, perMinute, param, params } = options
      const body = {
        fromAt: from,
        toAt: to,
        ...(perMinute === undefined ? {} : { perMinute }),
        ...(param || params ? { params: { ...params, ...param } } : {}),
      }
      const backfill = await connect(cli, options).schedules.createBackfill({ params: { schedule }, body })
      if (options.json) return printJson(cli, backfill)
      cli.terminal.print(
        `Backfill ${backfill.id} of ${schedule} has begun: ${momentOf(backfill.fromAt)} to ${momentOf(backfill.toAt)}, ${backfill.perMinute} runs a minute.`,
      )
      cli.terminal.say(`npx carillon runs --schedule ${schedule} lists its runs.`)
    })
}

function readMoment(text: string): number {
  const at = parseMoment(text)
  if (at !== undefined) return at
  throw new InvalidArgumentError('It should be a time such as 2026-01-31 or 2026-01-31T09:00Z.')
}
