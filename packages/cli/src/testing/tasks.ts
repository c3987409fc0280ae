import { createClient, type TaskTypeCreate } from '@carillon/contract'
import { inject } from 'vitest'

export function sharedClient() {
  const { server, token } = inject('dev')
  return createClient({ baseUrl: server, token })
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
