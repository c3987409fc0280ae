import type { Client } from '@carillon/contract'
import type { Command } from 'commander'
import { addApiOptions, connect, type ApiOptions } from '../api.ts'
import type { Cli } from '../cli.ts'
import { askEach, tellEach, type Answer } from '../each.ts'
import { kindArgument } from '../kind-argument.ts'
import { KINDS, type Kind } from '../kinds.ts'

type Named = Answer & { readonly ref: string }
type Action = 'enable' | 'disable'

/** What can be enabled, by what `get` calls it: what it is called alone, and how several are asked for. */
const ENABLED: Readonly<
  Record<string, { readonly noun: string; ask(client: Client, refs: string[], action: Action): Promise<readonly Named[]> }>
> = {
  'task-types': {
    noun: 'Task type',
    ask: ({ taskTypes }, refs, action) =>
      askEach(
        refs,
        (ref) => ({ ref }),
        async (type) => {
          const { version } = await taskTypes.get({ params: { type } })
          return taskTypes.update({ params: { type }, body: { version, enabled: action === 'enable' } })
        },
      ),
  },
  tasks: { noun: 'Task', ask: async ({ tasks }, refs, action) => (await tasks.bulk({ body: { tasks: refs, action } })).items },
  dags: { noun: 'DAG', ask: async ({ dags }, refs, action) => (await dags.bulk({ body: { dags: refs, action } })).items },
}

const SAYS: Readonly<Record<Action, string>> = {
  enable: 'Let tasks or DAGs run again; of task types, let tasks be made again',
  disable:
    'Let no new run of tasks or DAGs start: their fires are recorded as skipped, what runs goes on. Of task types, let no new task be made',
}

/** `carillon enable` and `disable`: one or many of a kind, each answered by itself. */
export function addEnable(program: Command, cli: Cli): void {
  for (const action of ['enable', 'disable'] as const) {
    addApiOptions(program.command(action))
      .description(SAYS[action])
      .addArgument(kindArgument(KINDS.filter(({ name }) => name in ENABLED)))
      .argument('<code...>', 'code or identifier')
      .action(async ({ name }: Kind, codes: readonly string[], options: ApiOptions) => {
        const { noun, ask } = ENABLED[name]!
        const answers = await ask(connect(cli, options), [...new Set(codes)], action)
        tellEach(cli, options, answers, { name: ({ ref }) => `${noun} ${ref}`, done: () => `is ${action}d` })
      })
  }
}
