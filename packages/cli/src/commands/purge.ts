import { InvalidArgumentError, type Command } from 'commander'
import { addApiOptions, connect, printJson, type ApiOptions } from '../api.ts'
import type { Cli } from '../cli.ts'
import { parseDuration, parseMoment } from '../moment.ts'
import { startProgress } from '../progress.ts'

interface PurgeOptions extends ApiOptions {
  readonly task?: string
  readonly dag?: string
  readonly before?: number
  readonly keep?: number
}

export function addPurge(program: Command, cli: Cli): void {
  addApiOptions(program.command('purge'))
    .description('Delete ended runs for good, with their instances and logs')
    .option('--task <code>', 'those of this task')
    .option('--dag <code>', 'those of this DAG')
    .option('--before <time>', 'those that ended before: a time such as 2026-01-31, or an age such as 30d', parseBefore)
    .option('--keep <number>', 'but for so many newest of the task or DAG', parseKeep)
    .action(async (options: PurgeOptions, command: Command) => {
      assertFits(options, command)
      const purged = await purgeAll(cli, options)
      if (options.json) printJson(cli, { purged })
      else cli.terminal.print(`Runs deleted: ${purged}.`)
    })
}

function assertFits({ task, dag, before, keep }: PurgeOptions, command: Command): void {
  if (task !== undefined && dag !== undefined) command.error('it takes --task or --dag, not both.')
  if (task !== undefined || dag !== undefined) return
  if (keep !== undefined) command.error('--keep is of one task or DAG: say --task or --dag too.')
  if (before === undefined) command.error('which runs? Say --task, --dag or --before.')
}

/** A call takes so many; what an earlier one has deleted stays deleted when a later one fails. */
async function purgeAll(cli: Cli, options: PurgeOptions): Promise<number> {
  const { task, dag, before, keep } = options
  const body = {
    ...(task === undefined ? {} : { task }),
    ...(dag === undefined ? {} : { dag }),
    ...(before === undefined ? {} : { before }),
    ...(keep === undefined ? {} : { keep }),
  }
  const { runs } = connect(cli, options)
  const progress = startProgress(cli.terminal)
  let purged = 0
  try {
    for (let more = true; more;) {
      const answer = await runs.purge({ body })
      purged += answer.purged
      more = answer.more
      if (more) progress.step(`Deleted ${purged} runs, and there are more …`)
    }
  } finally {
    progress.end()
  }
  return purged
}

function parseBefore(text: string): number {
  const age = parseDuration(text)
  const at = age === undefined ? parseMoment(text) : Date.now() - age
  if (at !== undefined) return at
  throw new InvalidArgumentError('It should be a time such as 2026-01-31 or 2026-01-31T09:00Z, or an age such as 30d.')
}

function parseKeep(text: string): number {
  const keep = Number(text)
  if (/^\d+$/.test(text) && keep <= 1_000_000) return keep
  throw new InvalidArgumentError('It should be a whole number from 0 to 1000000.')
}
