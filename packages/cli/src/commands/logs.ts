import { LOG_LEVELS, type Client, type LogLevel } from '@carillon/contract'
import { FINAL_INSTANCE_STATES } from '@carillon/core'
import { Option, type Command } from 'commander'
import { addApiOptions, connect, type ApiOptions } from '../api.ts'
import type { Cli } from '../cli.ts'
import { followLog, printLine } from '../follow-log.ts'
import { parseLimit } from '../limit.ts'
import { parseRunId } from '../run-id.ts'

interface LogsOptions extends ApiOptions {
  readonly follow?: true
  readonly level?: LogLevel
  readonly attempt?: number
}

const LARGEST_PAGE = 200

export function addLogs(program: Command, cli: Cli): void {
  addApiOptions(program.command('logs'))
    .description('Show the log of a run: of its present or last attempt, unless another is named')
    .argument('<run>', 'identifier of the run', parseRunId)
    .option('-f, --follow', 'go on until the run has ended, every attempt')
    .addOption(new Option('--level <level>', 'this level and those above it').choices(LOG_LEVELS))
    .option('--attempt <number>', 'of this attempt', parseLimit)
    .action(async (run: number, options: LogsOptions) => {
      const client = connect(cli, options)
      if (options.follow) return followLog(cli, client, run, options)
      const { instances } = await client.runs.get({ params: { run } })
      for (const { id, nodeCode, state } of instances) {
        if (nodeCode !== null) cli.terminal.say(`${nodeCode}, instance ${id}, ${state}:`)
        await printLog(cli, client, { id, ended: FINAL_INSTANCE_STATES.includes(state) }, options)
      }
    })
}

interface Logged {
  readonly id: number
  readonly ended: boolean
}

async function printLog(cli: Cli, client: Client, { id, ended }: Logged, options: LogsOptions): Promise<void> {
  const { level, attempt } = options
  let cursor: string | null = null
  do {
    const query = {
      limit: LARGEST_PAGE,
      ...(level === undefined ? {} : { level }),
      ...(attempt === undefined ? {} : { attempt }),
      ...(cursor === null ? {} : { cursor }),
    }
    const page: Awaited<ReturnType<Client['instances']['logs']>> = await client.instances.logs({
      params: { instance: id },
      query,
    })
    for (const line of page.items) printLine(cli.terminal, line, options)
    cursor = page.nextCursor
    if (cursor === null && page.lines === 0) cli.terminal.say(ended ? 'It logged nothing.' : 'It has logged nothing yet.')
    if (cursor === null && page.cut) cli.terminal.say('The log was longer than allowed; its end was not kept.')
  } while (cursor !== null)
}
