import type { Client } from '@carillon/contract'
import type { Command } from 'commander'
import { addApiOptions, connect, printJson, type ApiOptions } from '../api.ts'
import type { Cli } from '../cli.ts'
import { kindArgument } from '../kind-argument.ts'
import { KINDS, type Kind } from '../kinds.ts'
import { outline } from '../outline.ts'

const FEW = 5

/** What belongs to an object and is read beside it. */
const RELATED: Readonly<Record<string, (client: Client, ref: string) => Promise<object>>> = {
  tasks: async (client, task) => ({
    schedules: (await client.schedules.list({ query: { task, limit: FEW } })).items.map(
      ({ code, timing, paused, nextFireAt }) => ({ code, timing, paused, nextFireAt }),
    ),
    lastRuns: (await client.runs.list({ query: { task, limit: FEW } })).items.map(({ id, state, createdAt, endedAt }) => ({
      id,
      state,
      createdAt,
      endedAt,
    })),
  }),
  schedules: async (client, schedule) => {
    const { fires, whyNone } = await client.schedules.preview({ params: { schedule }, query: { count: FEW } })
    return {
      nextFires: fires.map(({ local, weekday, excluded, dst }) => ({ local, weekday, excluded, dst })),
      ...(whyNone === null ? {} : { whyNone }),
      lastFires: (await client.schedules.fires({ params: { schedule }, query: { limit: FEW } })).items,
    }
  },
  dags: async (client, dag) => ({
    versions: (await client.dagVersions.list({ params: { dag }, query: { limit: FEW } })).items.map(
      ({ number, state, nodeCount, note, createdBy, updatedAt }) => ({ number, state, nodeCount, note, createdBy, updatedAt }),
    ),
  }),
  apps: async (client, app) => ({
    executors: (await client.executors.list({ query: { app, limit: FEW } })).items.map(
      ({ id, instance, status, health, running, capacity }) => ({ id, instance, status, health, running, capacity }),
    ),
  }),
}

export function addDescribe(program: Command, cli: Cli): void {
  addApiOptions(program.command('describe'))
    .description('Show one object with everything about it: a task with its schedules and last runs, a run with why it waits')
    .addArgument(kindArgument(KINDS.filter(({ read }) => read !== undefined)))
    .argument('<code>', 'code or identifier')
    .action(async (kind: Kind, ref: string, options: ApiOptions) => {
      const client = connect(cli, options)
      const item = await kind.read!(client, ref)
      const described = { ...item, ...(await RELATED[kind.name]?.(client, ref)) }
      if (options.json) printJson(cli, described)
      else cli.terminal.print(outline(described))
    })
}
