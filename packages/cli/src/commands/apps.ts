import { BULK_MAX, type Client } from '@carillon/contract'
import type { Command } from 'commander'
import { addApiOptions, connect, printJson, type ApiOptions } from '../api.ts'
import type { Cli } from '../cli.ts'
import { STATUSES } from '../executor-ref.ts'
import { Failure } from '../failure.ts'
import { momentOf } from '../moment.ts'
import { table, type Column } from '../table.ts'

type Revision = Awaited<ReturnType<Client['apps']['revisions']>>['items'][number]

/** Of all executors of an app, what `executors` says of one. */
const SAYS = {
  drain: 'Let all executors of an app finish what they run, and give them nothing new',
  maintenance: 'Take all executors of an app out of work',
  offline: 'Take all executors of an app out of work for good; they stay out when they register again',
  online: 'Give all executors of an app back to work; from then on their own word counts again',
} as const

export function addApps(program: Command, cli: Cli): void {
  const apps = program.command('apps').description('Pause apps, take all their executors out of work and back, see their history')
  for (const [name, paused, says] of [
    ['pause', true, 'Give out nothing of what waits for an app; what runs goes on'],
    ['resume', false, 'Give out again what waits for an app'],
  ] as const) {
    addApiOptions(apps.command(name).argument('<app>', 'its code or number'))
      .description(says)
      .action(async (app: string, options: ApiOptions) => {
        const client = connect(cli, options)
        const { version } = await client.apps.get({ params: { app } })
        const after = await client.apps.update({ params: { app }, body: { version, paused } })
        if (options.json) return printJson(cli, after)
        cli.terminal.print(`The app ${after.code} is ${after.paused ? 'paused' : 'not paused'}.`)
      })
  }
  for (const action of ['drain', 'maintenance', 'offline', 'online'] as const) {
    addApiOptions(apps.command(action).argument('<app>', 'its code or number'))
      .description(SAYS[action])
      .option('--reason <text>', 'why, for others to read')
      .action((app: string, options: ApiOptions & { readonly reason?: string }) => setAll(cli, app, action, options))
  }
  addApiOptions(apps.command('history').argument('<app>', 'its code or number'))
    .description('Who changed an app, and when, newest first')
    .action(async (app: string, options: ApiOptions) => {
      const { items } = await connect(cli, options).apps.revisions({ params: { app }, query: { limit: 200 } })
      if (options.json) printJson(cli, items)
      else cli.terminal.print(table(cli.terminal, REVISION_COLUMNS, items))
    })
}

async function setAll(
  cli: Cli,
  app: string,
  action: keyof typeof STATUSES,
  { reason, ...options }: ApiOptions & { readonly reason?: string },
): Promise<void> {
  const client = connect(cli, options)
  const { code } = await client.apps.get({ params: { app } })
  const ids = await executorsOf(client, app)
  const items = []
  for (let from = 0; from < ids.length; from += BULK_MAX) {
    const executors = ids.slice(from, from + BULK_MAX)
    const body = { executors, action, ...(reason === undefined ? {} : { reason }) }
    items.push(...(await client.executors.bulk({ body })).items)
  }
  const failed = items.filter(({ ok }) => !ok)
  if (options.json) printJson(cli, items)
  else cli.terminal.print(`Executors of ${code} that are ${STATUSES[action].status} now: ${items.length - failed.length}.`)
  if (failed.length > 0)
    throw new Failure('REFUSED', `Not changed: ${failed.map(({ ref, detail }) => `${ref} (${detail ?? ''})`).join(', ')}`)
}

async function executorsOf(client: Client, app: string): Promise<number[]> {
  const ids: number[] = []
  let cursor: string | undefined
  do {
    const page = await client.executors.list({ query: { app, limit: 200, ...(cursor === undefined ? {} : { cursor }) } })
    ids.push(...page.items.map(({ id }) => id))
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
  return ids
}

const REVISION_COLUMNS: readonly Column<Revision>[] = [
  { title: 'VERSION', text: (revision) => String(revision.version), align: 'right' },
  { title: 'AT', text: (revision) => momentOf(revision.at) },
  { title: 'WHAT', text: (revision) => revision.operation },
  { title: 'BY', text: (revision) => revision.principal },
]
