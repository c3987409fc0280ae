import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { refusal, startTestApi, type TestApi } from '../http/api.test-helper.ts'
import { loadPresets } from './load-presets.ts'
import { secretsOf, TEMPLATES } from './templates.ts'

let api: TestApi
beforeAll(async () => {
  api = await startTestApi()
  await loadPresets(api.db, { onRefused: (code, error) => expect.fail(`${code}: ${String(error)}`) })
})
afterAll(() => api.close())

test.each(TEMPLATES.map((template) => [template.code, template] as const))(
  'TYP-6 %s is seen in every tenant and copied into an active DAG that the copier owns',
  async (template, shown) => {
    for (const { client } of [api.tenantA, api.tenantB]) {
      const { documents, secrets } = await client.dagTemplates.get({ params: { template } })
      expect([documents, secrets.length > 0]).toEqual([shown.documents, true])
    }
    const { client } = api.tenantA
    for (const name of secretsOf(shown)) await client.secrets.create({ body: { name, value: 'x' } })
    const copy = `my-${template.split('.')[1]}`
    const { items } = await client.dagTemplates.copy({ params: { template }, body: { code: copy, name: 'Mine' } })
    expect(items.map(({ outcome }) => outcome)).toEqual(shown.documents.map(() => 'CREATED'))
    expect(items.every(({ code }) => code === copy || code.startsWith(`${copy}.`))).toBe(true)
    expect(await client.dags.get({ params: { dag: copy } })).toMatchObject({ name: 'Mine', active: 1 })
    const { version } = await client.dags.get({ params: { dag: copy } })
    await client.dags.update({ params: { dag: copy }, body: { version, name: 'Still mine' } })
    expect(await refusal(api.tenantB.client.dags.get({ params: { dag: copy } }))).toMatchObject({ code: 'NOT_FOUND' })
  },
)

test('where a code is taken nothing is copied', async () => {
  const { client } = api.tenantB
  const params = { template: 'platform.report' }
  for (const name of ['report-database', 'report-smtp']) await client.secrets.create({ body: { name, value: 'x' } })
  await client.tasks.create({ body: { code: 'sales.mail', type: 'platform.email', params: {} } })
  expect(await refusal(client.dagTemplates.copy({ params, body: { code: 'sales' } }))).toMatchObject({ code: 'CODE_TAKEN' })
  expect((await client.tasks.list({ query: {} })).items.map(({ code }) => code)).toEqual(['sales.mail'])
  expect((await client.dags.list({ query: {} })).items).toEqual([])
})

test('a copy whose secrets are not there yet is refused, and says which', async () => {
  const { id } = await api.client(api.platform, 'platform').tenants.create({ body: { code: 'fresh' } })
  const fresh = api.client(await api.token(id, 'owner'))
  const copy = fresh.dagTemplates.copy({ params: { template: 'platform.report' }, body: { code: 'sales' } })
  expect((await refusal(copy)).message).toContain('"report-database", which does not exist')
})

test('a template that there is not is not found; whoever only reads copies none', async () => {
  const viewer = api.client(await api.token(api.tenantA.id, 'viewer'))
  expect((await viewer.dagTemplates.list({})).items).toHaveLength(TEMPLATES.length)
  const copy = (template: string) => viewer.dagTemplates.copy({ params: { template }, body: { code: 'x' } })
  expect(await refusal(copy('platform.report'))).toMatchObject({ code: 'FORBIDDEN' })
  const none = api.tenantA.client.dagTemplates.get({ params: { template: 'none' } })
  expect(await refusal(none)).toMatchObject({ code: 'NOT_FOUND' })
})

test.each(TEMPLATES.map(({ prefix, documents }) => [prefix.slice(0, -1), documents] as const))(
  'examples/presets/%s.yaml says the same as its template',
  (name, documents) => {
    const file = new URL(`../../../../examples/presets/${name}.yaml`, import.meta.url)
    expect(parseAllDocuments(readFileSync(file, 'utf8')).map((document): unknown => document.toJS())).toEqual(documents)
  },
)
