import { setTimeout as rest } from 'node:timers/promises'
import type { Client, Scheduler } from '@carillon/contract'
import type { Command } from 'commander'
import { addApiOptions, connect, printJson, type ApiOptions } from '../api.ts'
import type { Cli } from '../cli.ts'
import { CALL } from '../command.ts'
import { momentOf } from '../moment.ts'
import { startProgress } from '../progress.ts'
import { table, type Column } from '../table.ts'

type Action = 'start' | 'stop' | 'drain'

interface ControlOptions extends ApiOptions {
  readonly node?: string
}

const ACTIONS: Readonly<Record<Action, string>> = {
  start: 'Fire and dispatch again',
  stop: 'Stop firing; what is started goes on',
  drain: 'Stop firing and dispatching; what executes goes on',
}

export function addScheduler(program: Command, cli: Cli): void {
  const scheduler = program.command('scheduler').description('See and control firing and dispatching, on all nodes or one')
  addApiOptions(scheduler.command('status'))
    .description('State of the scheduler and its nodes')
    .action(async (options: ApiOptions) => print(cli, await connect(cli, options).scheduler.status(), options))
  for (const action of Object.keys(ACTIONS) as Action[]) {
    addApiOptions(scheduler.command(action))
      .description(ACTIONS[action])
      .option('--node <id>', 'on this node alone')
      .action(async (options: ControlOptions) => print(cli, await control(connect(cli, options), action, options.node), options))
  }
  addApiOptions(scheduler.command('restart'))
    .description(
      'Stop firing, wait until the nodes have heard of it, and start again: a stop and a start, in the audit trail too',
    )
    .option('--node <id>', 'on this node alone')
    .action(async (options: ControlOptions) => print(cli, await restart(cli, connect(cli, options), options.node), options))
}

function control({ scheduler }: Client, action: Action, node: string | undefined): Promise<Scheduler> {
  return node === undefined ? scheduler[action]() : scheduler[`${action}Node`]({ params: { node } })
}

/** Nodes ask at each heartbeat what is wanted of them: a start that follows at once would hide the stop from them. */
async function restart(cli: Cli, client: Client, node: string | undefined): Promise<Scheduler> {
  await control(client, 'stop', node)
  const progress = startProgress(cli.terminal)
  progress.step('Stopped. Waiting for the nodes to hear of it …')
  try {
    await untilHeard(client, node)
    return await control(client, 'start', node)
  } catch (error) {
    cli.terminal.say(
      `Firing is still stopped: ${CALL} scheduler start${node === undefined ? '' : ` --node ${node}`} lets it go on.`,
    )
    throw error
  } finally {
    progress.end()
  }
}

/** Each living node has said again that it lives; one that does not is taken for dead ten seconds later, and is waited for no longer. */
async function untilHeard({ scheduler }: Client, node: string | undefined): Promise<void> {
  const before = new Map((await scheduler.status()).nodes.map(({ id, seenAt }) => [id, seenAt]))
  const isDeaf = ({ id, alive, seenAt }: Scheduler['nodes'][number]) =>
    (node === undefined || id === node) && alive && seenAt === before.get(id)
  while ((await scheduler.status()).nodes.some(isDeaf)) await rest(ASK_MS)
}

const ASK_MS = 200

const NODE_COLUMNS: readonly Column<Scheduler['nodes'][number]>[] = [
  { title: 'NODE', text: (node) => node.id },
  { title: 'NAME', text: (node) => node.name },
  { title: 'ADDRESS', text: (node) => node.address ?? '-' },
  { title: 'STATE', text: (node) => node.state },
  { title: 'ALIVE', text: (node) => (node.alive ? 'yes' : 'no'), style: (node) => (node.alive ? 'green' : 'red') },
  { title: 'LEADS', text: (node) => node.leads.join(', ') || '-' },
  { title: 'SEEN', text: (node) => momentOf(node.seenAt) },
]

function print(cli: Cli, status: Scheduler, { json }: ApiOptions): void {
  if (json) return printJson(cli, status)
  const by = status.changedBy === null ? '' : ` (by ${status.changedBy}, ${momentOf(status.changedAt)})`
  cli.terminal.print(`${status.state}${by}; ${status.running} running, ${status.pending} pending\n`)
  cli.terminal.print(table(cli.terminal, NODE_COLUMNS, status.nodes))
}
