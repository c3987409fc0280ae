import { RUN_STATES } from '@carillon/core'
import { InvalidArgumentError, Option, type Command } from 'commander'
import type { RunState } from '@carillon/core'
import { addApiOptions, connect, printJson, type ApiOptions } from '../api.ts'
import type { Cli } from '../cli.ts'
import { RUN_COLUMNS } from '../kinds.ts'
import { parseLimit } from '../limit.ts'
import { table } from '../table.ts'

interface RunsOptions extends ApiOptions {
  readonly task?: string
  readonly dag?: string
  readonly schedule?: string
  readonly state?: readonly RunState[]
  readonly limit: number
}

export function addRuns(program: Command, cli: Cli): void {
  addApiOptions(program.command('runs'))
    .description('List runs, newest first')
    .option('--task <code>', 'of this task')
    .option('--dag <code>', 'of this DAG')
    .option('--schedule <code>', 'of this schedule')
    .option('--state <state>', `in this state; may be repeated: ${RUN_STATES.join(', ')}`, collectState)
    .addOption(new Option('-n, --limit <number>', 'how many at most').default(20).argParser(parseLimit))
    .action(async (options: RunsOptions) => {
      const { task, dag, schedule, state, limit } = options
      const query = {
        limit: Math.min(limit, 200),
        ...(task === undefined ? {} : { task }),
        ...(dag === undefined ? {} : { dag }),
        ...(schedule === undefined ? {} : { schedule }),
        ...(state === undefined ? {} : { state: [...state] }),
      }
      const { items } = await connect(cli, options).runs.list({ query })
      if (options.json) return printJson(cli, items)
      if (items.length === 0) return cli.terminal.say('No runs.')
      cli.terminal.print(table(cli.terminal, RUN_COLUMNS, items))
    })
}

function collectState(text: string, before: readonly RunState[] = []): readonly RunState[] {
  const state = text.toUpperCase() as RunState
  if (RUN_STATES.includes(state)) return [...before, state]
  throw new InvalidArgumentError(`There are ${RUN_STATES.join(', ')}.`)
}
