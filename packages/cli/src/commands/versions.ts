import type { Dag, DagVersionHead } from '@carillon/contract'
import { Option, type Command } from 'commander'
import { addApiOptions, connect, printJson, type ApiOptions } from '../api.ts'
import type { Cli } from '../cli.ts'
import { parseLimit } from '../limit.ts'
import { momentOf } from '../moment.ts'
import { table, type Column } from '../table.ts'

interface VersionsOptions extends ApiOptions {
  readonly limit: number
}

export function addVersions(program: Command, cli: Cli): void {
  addApiOptions(program.command('versions <dag>'))
    .description('List the versions of a DAG, newest first, with the share of runs that each gets')
    .addOption(new Option('-n, --limit <number>', 'how many at most').default(20).argParser(parseLimit))
    .action(async (dag: string, options: VersionsOptions) => {
      const client = connect(cli, options)
      const query = { limit: Math.min(options.limit, 200) }
      const [{ items }, of] = await Promise.all([
        client.dagVersions.list({ params: { dag }, query }),
        client.dags.get({ params: { dag } }),
      ])
      if (options.json) return printJson(cli, items)
      if (items.length === 0) return cli.terminal.say('No versions.')
      cli.terminal.print(table(cli.terminal, columnsOf(of), items))
    })
}

function columnsOf({ active, gray }: Dag): readonly Column<DagVersionHead>[] {
  const share = ({ number }: DagVersionHead) => {
    if (number === gray?.number) return `${gray.percent}%`
    return number === active ? `${100 - (gray?.percent ?? 0)}%` : '-'
  }
  return [
    { title: 'VERSION', text: ({ number }) => String(number), align: 'right' },
    { title: 'STATE', text: ({ state }) => state, style: ({ state }) => (state === 'ACTIVE' ? 'green' : null) },
    { title: 'RUNS', text: share, align: 'right' },
    { title: 'NODES', text: ({ nodeCount }) => String(nodeCount), align: 'right' },
    { title: 'CHANGED', text: ({ updatedAt }) => momentOf(updatedAt) },
    { title: 'ACTIVATED', text: ({ activatedAt }) => momentOf(activatedAt) },
    { title: 'BY', text: ({ activatedBy, createdBy }) => activatedBy ?? createdBy },
    { title: 'NOTE', text: ({ note }) => note },
  ]
}
