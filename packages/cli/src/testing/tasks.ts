import { createClient, type DagVersionCreate, type TaskTypeCreate } from '@carillon/contract'
import { inject } from 'vitest'

export function sharedClient(tenant?: string) {
  const { server, token } = inject('dev')
  return createClient({ baseUrl: server, token, ...(tenant === undefined ? {} : { tenant }) })
}

let made = 0

/** A task of the built-in executor; answers its code. A failure is not repeated. */
export async function builtinTask({ kind, settings }: Pick<TaskTypeCreate, 'kind' | 'settings'>): Promise<string> {
  const client = sharedClient()
  const code = `cli-${kind}-${process.pid}-${(made += 1)}`
  await client.taskTypes.create({ body: { code, kind, settings: settings ?? {} } })
  await client.tasks.create({ body: { code, type: code, policies: { retry: { maxRetries: 0 } } } })
  return code
}

export const delayTask = (ms: number) => builtinTask({ kind: 'delay', settings: { ms } })
export const failingTask = () => builtinTask({ kind: 'http', settings: { method: 'GET', url: 'http://127.0.0.1:1/' } })

/** A schedule of the task, at every full hour; answers its code. */
export async function hourlyOf(task: string): Promise<string> {
  const code = `hourly-${task}`
  const timing = { kind: 'CRON', expression: '0 * * * *', timezone: 'UTC' } as const
  await sharedClient().schedules.create({ body: { code, task, timing } })
  return code
}

type Definition = NonNullable<DagVersionCreate['definition']>

/** A DAG whose versions these are, each activated, the last of them active; answers its code. */
export async function dagOf(...definitions: readonly Definition[]): Promise<string> {
  const { dags, dagVersions } = sharedClient()
  const dag = `cli-dag-${process.pid}-${(made += 1)}`
  await dags.create({ body: { code: dag } })
  for (const definition of definitions) {
    const { number } = await dagVersions.create({ params: { dag }, body: { definition } })
    await dagVersions.activate({ params: { dag, number }, body: {} })
  }
  return dag
}

/** Of its last instance. */
export async function stateOfNode(run: number, code: string): Promise<string | undefined> {
  const { instances } = await sharedClient().runs.get({ params: { run } })
  return instances.findLast(({ nodeCode }) => nodeCode === code)?.state
}
