import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createExecutor, defineHandler, type Executor } from '@carillon/executor'
import { expect, inject, onTestFinished, test } from 'vitest'
import { run, runJson } from '../testing/run.ts'
import { sharedClient } from '../testing/tasks.ts'

const quiet = { info: () => {}, warn: () => {}, error: () => {} }

async function executor(token: string, instance: string): Promise<Executor> {
  const whoami = defineHandler({ name: 'whoami', run: () => ({ instance }) })
  const started = createExecutor({ server: inject('dev').server, token, app: 'routed', instance, handlers: [whoami], log: quiet })
  onTestFinished(() => started.stop())
  await started.start()
  return started
}

const DOCUMENTS = `
{kind: App, code: routed}
---
{kind: TaskType, code: whoami, work: handler, app: routed, settings: {handler: whoami}}
---
{kind: Task, code: sticky, type: whoami, policies: {route: {strategy: STICKY, executors: [{instance: blue, priority: 9}, {instance: green}]}}}
`

test('a routed task that was applied runs on its executors alone, and moves when its home leaves', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-routing-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'routed.yaml')
  writeFileSync(file, DOCUMENTS)
  expect(await run(['apply', '-f', file])).toMatchObject({ code: 0 })
  const token = (await run(['token', 'create', 'routed', '--role', 'executor', '--app', 'routed'])).out.trim()
  const blue = await executor(token, 'blue')
  await executor(token, 'green')
  await executor(token, 'stranger')
  const client = sharedClient()
  const where = async () => {
    expect(await run(['trigger', 'sticky', '--wait'])).toMatchObject({ code: 0 })
    const [newest] = await runJson<{ id: number }[]>(['runs', '--task', 'sticky'])
    return (await client.instances.get({ params: { instance: newest!.id } })).output
  }
  for (let n = 0; n < 3; n++) expect(await where()).toEqual({ instance: 'blue' })
  await blue.stop()
  for (let n = 0; n < 3; n++) expect(await where()).toEqual({ instance: 'green' })
})
