import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, inject, onTestFinished, test } from 'vitest'
import { run, runJson, sharedEnv } from '../testing/run.ts'
import { Started } from '../testing/started.ts'
import { sharedClient } from '../testing/tasks.ts'

/** The examples of the guide: what stands in it between fences is what is done here. */
const guide = readFileSync(new URL('../../../../docs/guides/kinds.md', import.meta.url), 'utf8')
const jsonExamples = [...guide.matchAll(/^```json\n([^]*?)^```/gm)].map(([, text]) => JSON.parse(text!) as TypeExample)

interface TypeExample {
  readonly code: string
  readonly kind: string
  readonly app?: string
  readonly settings: Record<string, unknown>
}

async function startRunner(): Promise<Started> {
  const client = sharedClient()
  await client.apps.create({ body: { code: 'runners' } })
  const token = (await run(['token', 'create', 'runner', '--role', 'executor', '--app', 'runners'])).out.trim()
  const runner = new Started(['executor', '--app', 'runners', '--allow', 'script,sql'], {
    CARILLON_SERVER: inject('dev').server,
    CARILLON_TOKEN: token,
  })
  onTestFinished(async () => void (await runner.stop()))
  await runner.says(/runs script and sql/)
  return runner
}

test('the examples of the guide to kinds are accepted, and scripts and statements run in the executor that is allowed to', async () => {
  const client = sharedClient()
  const canary = `canary-${randomBytes(8).toString('hex')}`
  expect((await run(['secrets', 'create', 'shop-database'], sharedEnv(), `postgres://app:${canary}@127.0.0.1:1/shop`)).code).toBe(
    0,
  )
  expect((await run(['secrets', 'create', 'orders-key'], sharedEnv(), `Bearer ${canary}`)).code).toBe(0)
  await startRunner()
  for (const example of jsonExamples) {
    await client.taskTypes.create({ body: example as never })
    await client.tasks.create({ body: { code: example.code, type: example.code, policies: { retry: { maxRetries: 0 } } } })
  }
  expect(jsonExamples.map(({ kind }) => kind).sort()).toEqual(['http', 'http', 'script', 'sql'])

  const script = jsonExamples.find(({ kind }) => kind === 'script')!
  const ran = await run(['trigger', script.code, '-p', 'rows=[1,2,3]', '--follow'])
  expect(ran.code, ran.err).toBe(0)
  const [newest] = await runJson<{ id: number }[]>(['runs', '--task', script.code])
  expect((await client.instances.get({ params: { instance: newest!.id } })).output).toEqual({ sum: 6 })

  // Nobody listens there: what comes back tells everything but the password.
  const sql = jsonExamples.find(({ kind }) => kind === 'sql')!
  const asked = await run(['trigger', sql.code, '-p', 'since="2026-01-01"', '--follow'])
  expect(asked.code).toBe(1)
  expect(asked.out + asked.err).toContain('PostgreSQL cannot be reached')
  expect(asked.out + asked.err).not.toContain(canary)
})
