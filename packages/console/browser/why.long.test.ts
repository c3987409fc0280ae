import type { Wait } from '@carillon/contract'
import type { Executor } from '@carillon/executor'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { api, openConsole, shoot, useBrowser } from './console.ts'
import { endOf, startJourneys, until } from './journeys.ts'

useBrowser()

const APP = 'why'
let executor: Executor

beforeAll(async () => {
  ;({ executor } = await startJourneys('why', { app: APP, type: 'why-step', capacity: 2 }))
  const { tasks, dags, dagVersions } = api()
  await tasks.create({ body: { code: 'why', type: 'why-step' } })
  await tasks.create({ body: { code: 'why-few', type: 'why-step' } })
  const turns = { concurrency: { policy: 'SEQUENTIAL' } } as const
  await tasks.create({ body: { code: 'why-turns', type: 'why-step', policies: turns } })
  await dags.create({ body: { code: 'why-dag' } })
  await dagVersions.create({
    params: { dag: 'why-dag' },
    body: { definition: { nodes: [{ code: 'only', task: 'why' }], edges: [] } },
  })
  await dagVersions.activate({ params: { dag: 'why-dag', number: 1 } })
})
afterAll(() => executor.stop())

const trigger = async (task: string, params: object = {}) =>
  (await api().runs.trigger({ params: { task }, body: { params: { ...params } } })).runId
const holdOn = async (task: string) => {
  const run = await trigger(task, { holdMs: 120_000 })
  await until(
    () => api().runs.get({ params: { run } }),
    ({ state }) => state === 'RUNNING',
  )
  return run
}
const letGo = async (...runs: readonly number[]) => {
  await Promise.all(runs.map((run) => api().runs.cancel({ params: { run } })))
  await Promise.all(runs.map(endOf))
}
const changeApp = async (changes: object) => {
  const { version } = await api().apps.get({ params: { app: APP } })
  await api().apps.update({ params: { app: APP }, body: { version, ...changes } })
}
// A test that fails must not hold up those after it.
afterEach(async () => {
  await changeApp({ ratePerSecond: null, paused: false, capacity: [] })
})
/** How it has waited: without a gap from when it was made until it started. */
async function waitsOf(run: number): Promise<readonly Wait[]> {
  const { waits, createdAt, startedAt } = await api().instances.get({ params: { instance: run } })
  expect(waits.reduce((sum, { since, until }) => sum + until! - since, 0)).toBe(startedAt! - createdAt)
  return waits
}
const reasonsOf = (waits: readonly Wait[]) =>
  waits.map(({ reason }) => reason).filter((reason) => reason !== 'QUEUED' && reason !== 'RESERVED')
const whyOn = (page: Page) => page.getByRole('region', { name: 'Why is it not running?' })

describe('E8: why it is not running', () => {
  test('the rate limit is used up; with a higher one it runs', async () => {
    await changeApp({ ratePerSecond: 0.001 })
    const runs = [await trigger('why'), await trigger('why')]
    // One start is there from the beginning, and takes whichever is first.
    const first = await Promise.race(runs.map(async (run) => (await endOf(run)).id))
    const { page, context } = await openConsole()
    await page.goto(`/t/default/runs/${runs.find((run) => run !== first)!}`)
    await whyOn(page).getByText('The rate limit is used up').waitFor()
    await whyOn(page).getByText('Its rate limit allows no more starts for the moment.').waitFor()
    await shoot(page, 'run-why-rate')
    await changeApp({ ratePerSecond: null })
    await page.getByText('Succeeded').first().waitFor()
    expect(await whyOn(page).count()).toBe(0)
    await context.close()
  })

  test('the app is paused: the way to the apps is there, where it is resumed', async () => {
    await changeApp({ paused: true })
    const run = await trigger('why')
    const { page, context } = await openConsole()
    await page.goto(`/t/default/runs/${run}`)
    await whyOn(page).getByText('The app why is paused.').waitFor()
    await whyOn(page).getByRole('link', { name: 'To the apps' }).click()
    await page.getByRole('link', { name: APP, exact: true }).click()
    await page.getByRole('button', { name: 'Edit' }).click()
    await page.getByRole('checkbox', { name: 'Paused' }).uncheck()
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
    await endOf(run)
    await context.close()
  })

  test('all executors are full, and none is in service', async () => {
    const held = [await holdOn('why'), await holdOn('why')]
    const run = await trigger('why')
    const { page, context } = await openConsole()
    await page.goto(`/t/default/runs/${run}`)
    await whyOn(page).getByText('All executors are full').waitFor()
    await whyOn(page).getByText('All 1 executors that serve the handler step in the app why are full.').waitFor()
    const { items } = await api().executors.list({ query: { app: APP } })
    const params = { executor: items[0]!.id }
    await api().executors.setStatus({ params, body: { status: 'MAINTENANCE' } })
    await whyOn(page).getByText('None of the 1 executors that serve the handler step in the app why is online').waitFor()
    await whyOn(page).getByRole('link', { name: 'To the executors' }).click()
    await page.getByRole('table', { name: 'Executors' }).waitFor()
    await api().executors.setStatus({ params, body: { status: 'ONLINE' } })
    await letGo(...held)
    await endOf(run)
    const waits = await waitsOf(run)
    expect(reasonsOf(waits)).toEqual(expect.arrayContaining(['EXECUTORS_BUSY', 'EXECUTORS_UNAVAILABLE']))
    await context.close()
  })

  test('afterwards it says how long what held it, which adds up to the wait, and links who did', async () => {
    const first = await holdOn('why-turns')
    const run = await trigger('why-turns', { holdMs: 1_500 })
    const { page, context } = await openConsole()
    await page.goto(`/t/default/runs/${run}?panel=waits`)
    const table = page.getByRole('table', { name: 'How it has waited' })
    await table.getByRole('row', { name: /Waits for a slot of its concurrency/ }).waitFor()
    await changeApp({ paused: true })
    await letGo(first)
    await table.getByText('The app why is paused.').waitFor()
    await shoot(page, 'run-waits')
    await table.getByRole('link', { name: 'To the apps' }).waitFor()
    await api().runs.pause({ params: { run } })
    await table.getByRole('row', { name: /The run is paused/ }).waitFor()
    await changeApp({ paused: false })
    await api().runs.resume({ params: { run } })
    await endOf(run)
    const waits = await waitsOf(run)
    expect(reasonsOf(waits)).toEqual(['SLOT', 'APP_PAUSED', 'PAUSED'])
    expect(waits[0]).toMatchObject({ heldBy: first })
    await page.getByText('Succeeded').first().waitFor()
    expect(await table.getByRole('row').count()).toBe(waits.length + 1)
    await table.getByRole('link', { name: `Held by run ${first}` }).click()
    await page.waitForURL(new RegExp(`/runs/${first}$`))
    await context.close()
  })

  test('a rule of the app gives the task one place: who has it is linked', async () => {
    await changeApp({ capacity: [{ task: 'why-few', limit: 1 }] })
    const held = await holdOn('why-few')
    const run = await trigger('why-few')
    const { page, context } = await openConsole()
    await page.goto(`/t/default/runs/${run}`)
    await whyOn(page).getByText('A capacity rule of the app holds it back').waitFor()
    await shoot(page, 'run-why-capacity')
    await whyOn(page)
      .getByRole('link', { name: `Held by run ${held}` })
      .click()
    await page.waitForURL(new RegExp(`/runs/${held}$`))
    await letGo(held)
    await endOf(run)
    await context.close()
  })

  test('a DAG that is paused says so to whoever starts it, and its schedule says so of each fire', async () => {
    await api().dags.pause({ params: { dag: 'why-dag' }, body: { reason: 'the books are being closed' } })
    const timing = { kind: 'FIXED_RATE', everyMs: 1_000 } as const
    await api().schedules.create({ body: { code: 'why-dag-often', dag: 'why-dag', timing } })
    const { page, context } = await openConsole()
    await page.goto('/t/default/dags/why-dag?run=1')
    await page.getByText('the books are being closed').first().waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Run', exact: true }).click()
    await page.getByText('The DAG why-dag is paused. Resume it').waitFor()
    await page.goto('/t/default/schedules/why-dag-often?tab=fires')
    const fire = page.getByRole('row').filter({ hasText: 'Skipped' }).first()
    await fire.getByText('what it runs is disabled or paused').waitFor()
    await api().dags.resume({ params: { dag: 'why-dag' } })
    await page.getByRole('row').filter({ hasText: 'on time' }).first().waitFor()
    await api().schedules.remove({ params: { schedule: 'why-dag-often' } })
    await context.close()
  })

  test('a task that is disabled says so to whoever starts it, and its schedule says so of each fire', async () => {
    await api().tasks.disable({ params: { task: 'why' } })
    const timing = { kind: 'FIXED_RATE', everyMs: 1_000 } as const
    await api().schedules.create({ body: { code: 'why-often', task: 'why', timing } })
    const { page, context } = await openConsole()
    await page.goto('/t/default/tasks?run=why')
    await page.getByRole('dialog').getByRole('button', { name: 'Run now' }).click()
    await page.getByText('The task why is disabled. Enable it').waitFor()
    await page.goto('/t/default/schedules/why-often?tab=fires')
    await page.getByRole('row').filter({ hasText: 'what it runs is disabled or paused' }).first().waitFor()
    await api().schedules.remove({ params: { schedule: 'why-often' } })
    await api().tasks.enable({ params: { task: 'why' } })
    await context.close()
  })
})
