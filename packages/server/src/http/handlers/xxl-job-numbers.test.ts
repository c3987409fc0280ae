import type { DefinitionDocument } from '@carillon/contract'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { refusal, startTestApi, type TestApi } from '../api.test-helper.ts'

let api: TestApi
beforeAll(async () => {
  api = await startTestApi()
  const { client } = api.tenantA
  await client.apps.create({ body: { code: 'shop', name: 'Shop' } })
  await client.taskTypes.create({ body: { code: 'greet', kind: 'xxl-job', app: 'shop', settings: { handler: 'greet' } } })
})
afterAll(() => api.close())

const tasks = () => api.tenantA.client.tasks
const make = (code: string, more: object = {}) => tasks().create({ body: { code, type: 'greet', ...more } })

test('a task keeps the number it came with; without one it has none until it first runs', async () => {
  expect(await make('imported', { xxlJobId: 7 })).toMatchObject({ xxlJobId: 7 })
  expect(await make('new')).toMatchObject({ xxlJobId: null })
  const changed = await tasks().update({ params: { task: 'imported' }, body: { version: 1, name: 'Renamed' } })
  expect(changed).toMatchObject({ name: 'Renamed', xxlJobId: 7 })
})

test('a number is one task in a tenant; another tenant may have it too', async () => {
  await make('first', { xxlJobId: 20 })
  expect(await refusal(make('second', { xxlJobId: 20 }))).toMatchObject({
    code: 'CODE_TAKEN',
    problems: [{ path: '/body/xxlJobId' }],
  })
  await tasks().remove({ params: { task: 'first' } })
  expect(await make('second', { xxlJobId: 20 })).toMatchObject({ xxlJobId: 20 })
})

test('a copy is another task, and an older revision leaves the number as it is', async () => {
  await make('original')
  const numbered = await tasks().update({ params: { task: 'original' }, body: { version: 1, xxlJobId: 30 } })
  expect(await tasks().copy({ params: { task: 'original' }, body: { code: 'copy' } })).toMatchObject({ xxlJobId: null })
  const restored = await tasks().restore({ params: { task: 'original' }, body: { version: numbered.version, revision: 1 } })
  expect(restored).toMatchObject({ xxlJobId: 30 })
})

test.each([0, 2_147_483_648, 1.5])('%d is no number that their executors read', async (xxlJobId) => {
  expect(await refusal(make('bad', { xxlJobId }))).toMatchObject({ code: 'VALIDATION_FAILED' })
})

test('a document that says nothing of the number changes nothing', async () => {
  const apply = (document: DefinitionDocument) => api.tenantA.client.definitions.apply({ body: { documents: [document] } })
  await apply({ kind: 'Task', code: 'written', type: 'greet', xxlJobId: 40 })
  const again = await apply({ kind: 'Task', code: 'written', type: 'greet' })
  expect(again.items).toMatchObject([{ outcome: 'UNCHANGED' }])
  expect(await tasks().get({ params: { task: 'written' } })).toMatchObject({ xxlJobId: 40 })
})

test.each([
  [{}, '/body/settings/handler'],
  [{ glue: 'GLUE_SHELL' }, '/body/settings/source'],
  [{ glue: 'GLUE_COBOL', source: 'x' }, '/body/settings/glue'],
])('a type of the kind xxl-job with the settings %j is refused at %s', async (settings, path) => {
  const created = api.tenantA.client.taskTypes.create({ body: { code: 'broken', kind: 'xxl-job', app: 'shop', settings } })
  expect(await refusal(created)).toMatchObject({ problems: [{ path }] })
})
