import { expect, test } from 'vitest'
import { run, runJson } from '../testing/run.ts'
import { sharedClient } from '../testing/tasks.ts'

test('templates of DAGs are listed with the secrets that a copy refers to', async () => {
  const { out } = await run(['get', 'dag-templates'])
  expect(out).toMatch(/^CODE +NAME +SECRETS +DESCRIPTION\n/)
  const templates = await runJson<{ code: string; secrets: string[] }[]>(['get', 'dag-templates'])
  const { code, secrets } = templates.find(({ code: each }) => each === 'platform.report')!
  expect(await runJson(['get', 'dag-template', code])).toMatchObject({ code, secrets, documents: expect.any(Array) as object[] })
})

test('a copy is a DAG of the tenant with tasks of its own, once the secrets are there that it refers to', async () => {
  const { dags, dagTemplates, secrets } = sharedClient()
  const dag = `sales-${process.pid}`
  const copy = () => run(['dag-templates', 'copy', 'platform.report', dag, '--name', 'Sales of the day'])
  const template = await dagTemplates.get({ params: { template: 'platform.report' } })
  expect(await copy()).toMatchObject({ code: 4, out: '', err: expect.stringContaining(template.secrets[0]!) as string })
  for (const name of template.secrets) await secrets.create({ body: { name, value: 'of a test' } })
  const { code, out, err } = await copy()
  expect({ code, err }).toEqual({ code: 0, err: expect.stringMatching(/^\d+ created, 0 changed, 0 unchanged\.\n$/) as string })
  expect(out).toContain(`+ Dag ${dag}\n`)
  expect(out).toContain(`+ Task ${dag}.`)
  expect(await dags.get({ params: { dag } })).toMatchObject({ name: 'Sales of the day', active: 1 })
  expect((await copy()).code).toBe(4)
  expect((await run(['dag-templates', 'copy', 'platform.nothing', `${dag}-2`])).code).toBe(3)
})
