import type { Executor } from '@carillon/executor'
import type { Page, WebSocketRoute } from 'playwright-core'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { api, asksOf, openConsole, settle, shoot, useBrowser } from './console.ts'
import { endOf, startJourneys, until } from './journeys.ts'

useBrowser()

let executor: Executor
beforeAll(async () => {
  ;({ executor } = await startJourneys('live'))
  await api().tasks.create({ body: { code: 'seen', type: 'step' } })
})
afterAll(() => executor.stop())

const trigger = async (params: object = {}) =>
  (await api().runs.trigger({ params: { task: 'seen' }, body: { params: { ...params } } })).runId
const rowOf = (page: Page, run: number) => page.getByRole('row').filter({ has: page.locator(`a[href$="/runs/${run}"]`) })
const pill = (page: Page, state: 'live' | 'paused' | 'lost' | 'stale') => page.locator(`button[data-state=${state}]`).waitFor()
const passes = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

test('a list shows what happens by the live connection, and asks for nothing', async () => {
  const { page, context, faults } = await openConsole()
  const asks = asksOf(page)
  await page.goto('/t/default/runs?task=seen')
  await settle(page)
  await page.getByText('Live', { exact: true }).waitFor()
  const first = await trigger()
  await rowOf(page, first).getByText('Succeeded').waitFor()
  // Once, for what is there soonest.
  expect(asks.filter((ask) => ask === 'GET /api/v1/runs')).toHaveLength(1)
  asks.length = 0
  const held = await trigger({ holdMs: 2_000 })
  await rowOf(page, held).getByText('Running').waitFor()
  await rowOf(page, held).getByText('Succeeded').waitFor()
  await passes(4_500)
  expect(asks).toEqual([])
  expect(faults).toEqual([])
  await context.close()
})

test('the overview asks for nothing either while it is live', async () => {
  const { page, context } = await openConsole()
  await page.goto('/t/default')
  await settle(page)
  await passes(2_500)
  const asks = asksOf(page)
  await passes(4_500)
  expect(asks.filter((ask) => ask.endsWith('/overview'))).toEqual([])
  await context.close()
})

test('a run is seen to its end; what its panel shows of an instance is asked for when that has changed, and not otherwise', async () => {
  const { page, context, faults } = await openConsole()
  const run = await trigger({ holdMs: 6_000, lines: 40 })
  await page.goto(`/t/default/runs/${run}`)
  await page.getByText('holds on').waitFor()
  await page.locator('[data-line="41"]').waitFor()
  await passes(1_000)
  const asks = asksOf(page)
  await page.getByText('Succeeded').first().waitFor()
  await until(
    async () => asks.filter((ask) => ask === `GET /api/v1/instances/${run}`).length,
    (count) => count > 0,
  )
  await passes(2_500)
  expect(asks.filter((ask) => ask === `GET /api/v1/runs/${run}`)).toEqual([])
  expect(asks.filter((ask) => ask === `GET /api/v1/instances/${run}`).length).toBeLessThanOrEqual(2)
  expect(faults).toEqual([])
  await context.close()
})

test('paused, a page shows nothing new and says so; resumed, it catches up', async () => {
  const { page, context } = await openConsole()
  await page.goto('/t/default/runs?task=seen')
  await settle(page)
  await trigger()
  await page.getByRole('row').nth(1).waitFor()
  await page.keyboard.press('.')
  await pill(page, 'paused')
  const asks = asksOf(page)
  const unseen = await trigger()
  await endOf(unseen)
  await passes(3_000)
  expect(await rowOf(page, unseen).count()).toBe(0)
  expect(asks).toEqual([])
  await shoot(page, 'live-paused')
  await page.getByRole('button', { name: 'Paused' }).click()
  await rowOf(page, unseen).getByText('Succeeded').waitFor()
  await pill(page, 'live')
  await context.close()
})

test('a live connection that is lost is said to be, pages ask by themselves meanwhile, and it comes back', async () => {
  const { page, context } = await openConsole()
  let cut = false
  const lines: WebSocketRoute[] = []
  await page.routeWebSocket(/\/api\/v1\/live$/, async (line) => {
    if (cut) return line.close({ code: 1012 })
    line.connectToServer()
    lines.push(line)
  })
  await page.goto('/t/default/runs?task=seen')
  await settle(page)
  await pill(page, 'live')
  await rowOf(page, await trigger())
    .getByText('Succeeded')
    .waitFor()
  cut = true
  for (const line of lines) await line.close({ code: 1012 })
  await page.getByText(/^Reconnecting( in \d+ s| …)$/).waitFor()
  await shoot(page, 'live-lost')
  const asks = asksOf(page)
  await rowOf(page, await trigger())
    .getByText('Succeeded')
    .waitFor()
  expect(asks).toContain('GET /api/v1/runs')
  await pill(page, 'lost')
  cut = false
  await pill(page, 'live')
  await passes(1_000)
  asks.length = 0
  await rowOf(page, await trigger())
    .getByText('Succeeded')
    .waitFor()
  await passes(2_500)
  expect(asks).toEqual([])
  await context.close()
})

test('a server that asks for a rest is left alone until then, and the page says when it goes on', async () => {
  const { page, context } = await openConsole()
  await page.goto('/t/default/tasks')
  await page.getByRole('link', { name: 'weather-report-seattle' }).waitFor()
  let refusals = 0
  // As a proxy does that limits the rate.
  await page.route('**/api/v1/tasks*', (route) => (refusals++, route.fulfill({ status: 429, headers: { 'retry-after': '4' } })))
  const banner = page.getByText('asks for a rest')
  await banner.waitFor()
  await page.getByText(/It goes on by itself in [1-4] s/).waitFor()
  await shoot(page, 'live-slowed')
  expect(await page.getByRole('link', { name: 'weather-report-seattle' }).count()).toBe(1)
  expect(refusals).toBe(1)
  await page.unroute('**/api/v1/tasks*')
  await banner.waitFor({ state: 'hidden' })
  await pill(page, 'live')
  await context.close()
})

test('a session that ends takes the live connection along, and signing in again brings it back', async () => {
  const { page, context } = await openConsole()
  await page.goto('/t/default/runs?task=seen')
  await settle(page)
  await pill(page, 'live')
  await page.evaluate(() =>
    fetch('/api/v1/session', { method: 'DELETE', headers: { 'carillon-console': '1' }, credentials: 'same-origin' }),
  )
  const dialog = page.getByRole('dialog', { name: 'Your session has ended' })
  await dialog.locator('input[name=password]').fill(inject('stage').password)
  await dialog.getByRole('button', { name: 'Sign in' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await rowOf(page, await trigger())
    .getByText('Succeeded')
    .waitFor()
  await passes(1_500)
  const asks = asksOf(page)
  await rowOf(page, await trigger())
    .getByText('Succeeded')
    .waitFor()
  expect(asks).toEqual([])
  await context.close()
})
