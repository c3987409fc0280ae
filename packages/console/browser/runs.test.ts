import type { Executor } from '@carillon/executor'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { api, axeFinds, openConsole, settle, shoot, useBrowser } from './console.ts'
import { failRun } from './failed-run.ts'
import { endOf, startJourneys } from './journeys.ts'

useBrowser()

let executor: Executor
let start: () => Promise<Executor>
let failedRun: number

beforeAll(async () => {
  ;({ executor, start } = await startJourneys('runs'))
  await api().tasks.create({ body: { code: 'held', type: 'step', policies: { concurrency: { policy: 'SEQUENTIAL' } } } })
  failedRun = await failRun()
})
afterAll(() => executor.stop())

test('E1: the sample task is run, and its log is there while it runs', async () => {
  const { page, context, faults } = await openConsole()
  await page.goto('/t/default/tasks')
  await page.getByRole('button', { name: 'Run weather-report-seattle' }).click()
  await page.getByRole('button', { name: 'Run now' }).click()
  await page.waitForURL(/\/runs\/\d+/)
  await page.locator('[data-line="1"]').waitFor()
  await page.getByText('Succeeded').first().waitFor()
  await settle(page)
  await shoot(page, 'run-task')
  expect(await axeFinds(page)).toEqual([])
  expect(faults).toEqual([])
  await context.close()
})

test('E2: a run that failed says why, and is run again from there with a changed parameter', async () => {
  const { page, context, faults } = await openConsole()
  await page.goto(`/t/default/runs/${failedRun}`)
  const card = page.getByRole('region', { name: 'load failed' })
  await card.getByText('RATE_TOO_HIGH').waitFor()
  // The log of what failed is open at its first error.
  await page.getByRole('log').getByText('<b>could not load</b> the rows').waitFor()
  await page.getByRole('button', { name: 'Run again' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('From what failed: 1 nodes stand').waitFor()
  await shoot(page, 'run-retry')
  await dialog.getByLabel('Fail', { exact: true }).fill('0')
  await dialog.getByRole('button', { name: 'Run again' }).click()
  await page.waitForURL((url) => !url.pathname.endsWith(`/${failedRun}`))
  await page.getByText('4 of 4 nodes').waitFor()
  await page.getByText('Succeeded').first().waitFor()
  const again = Number(new URL(page.url()).pathname.split('/').pop())
  const { instances, state, parentRunId } = await api().runs.get({ params: { run: again } })
  expect([state, parentRunId]).toEqual(['SUCCESS', failedRun])
  // What had succeeded did not run again, so it has written nothing here.
  const linesOf = async (code: string) => {
    const { id } = instances.find(({ nodeCode }) => nodeCode === code)!
    return (await api().instances.logs({ params: { instance: id } })).lines
  }
  expect([await linesOf('extract'), await linesOf('load')]).toEqual([0, 1])
  expect(faults).toEqual([])
  await context.close()
})

test('what its nodes made stands with the parameters of a run', async () => {
  const { page, context } = await openConsole()
  await page.goto(`/t/default/runs/${failedRun}?view=data`)
  expect(await page.getByRole('region', { name: 'Parameters of the run' }).textContent()).toContain('"fail": 1')
  const output = page.getByRole('region', { name: 'Output of extract' })
  await output.getByText('"rows": 42').waitFor()
  await page.getByRole('button', { name: 'Hide: Output of extract' }).click()
  await output.waitFor({ state: 'detached' })
  await context.close()
})

describe('E8: why it is not running', () => {
  test('no executor is there, one comes, and it runs', async () => {
    await executor.stop()
    const { runId } = await api().runs.trigger({ params: { task: 'step' }, body: {} })
    const { page, context } = await openConsole()
    await page.goto(`/t/default/runs/${runId}`)
    const why = page.getByRole('region', { name: 'Why is it not running?' })
    await why
      .getByText(/No executor/)
      .first()
      .waitFor()
    await why.getByRole('link', { name: 'To the executors' }).waitFor()
    await shoot(page, 'run-why-executor')
    executor = await start()
    await page.getByText('Succeeded').first().waitFor()
    expect(await why.count()).toBe(0)
    await context.close()
  })

  test('another run holds its concurrency key: the holder is linked', async () => {
    const first = await api().runs.trigger({ params: { task: 'held' }, body: { params: { holdMs: 60_000 } } })
    const second = await api().runs.trigger({ params: { task: 'held' }, body: {} })
    const { page, context } = await openConsole()
    await page.goto(`/t/default/runs/${second.runId}`)
    await page.getByRole('link', { name: `Held by run ${first.runId}` }).click()
    await page.waitForURL(new RegExp(`/runs/${first.runId}`))
    await page.getByText('holds on').waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).last().click()
    await page.getByText('Cancelled').first().waitFor()
    await endOf(second.runId)
    await context.close()
  })

  test('it is paused, and resumed where that is said', async () => {
    await executor.stop()
    const { runId } = await api().runs.trigger({ params: { task: 'step' }, body: {} })
    const { page, context } = await openConsole()
    await page.goto(`/t/default/runs/${runId}`)
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByText('The run is paused', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Resume' }).click()
    executor = await start()
    await page.getByText('Succeeded').first().waitFor()
    await context.close()
  })

  test('a condition was false: the node says so, and its edge was not taken', async () => {
    const { page, context } = await openConsole()
    await page.goto(`/t/default/runs/${failedRun}`)
    await page
      .getByRole('navigation', { name: 'Nodes' })
      .getByRole('button', { name: /^small/ })
      .click()
    await page.getByText('a condition was false', { exact: false }).waitFor()
    await shoot(page, 'run-condition')
    await context.close()
  })
})

test('E15: on a phone, in Chinese: a failed run, its log, and it is run again', async () => {
  const { page, context, faults } = await openConsole({ language: 'zh', width: 390, height: 844 })
  await page.goto(`/t/default/runs/${failedRun}`)
  await page.getByRole('region', { name: 'load 失败' }).waitFor()
  await settle(page)
  await shoot(page, 'run-phone')
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390)
  const line = page.getByRole('log').getByText('<b>could not load</b> the rows')
  await line.scrollIntoViewIfNeeded()
  await shoot(page, 'run-phone-log')
  expect(await axeFinds(page)).toEqual([])
  await page.getByRole('button', { name: '重跑' }).first().click()
  await page.getByLabel('Fail', { exact: true }).fill('0')
  await shoot(page, 'run-phone-retry')
  await page.getByRole('dialog').getByRole('button', { name: '重跑' }).click()
  await page.getByText('4 / 4 个节点').waitFor()
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390)
  expect(faults).toEqual([])
  await context.close()
})

test('all runs that match are cancelled at once, after a look at what will happen, and each is answered', async () => {
  await executor.stop()
  const runs = await Promise.all([1, 2, 3].map(() => api().runs.trigger({ params: { task: 'step' }, body: {} })))
  const { page, context } = await openConsole()
  await page.goto('/t/default/runs?task=step&state=PENDING')
  await page.getByRole('button', { name: 'Select all that match' }).click()
  await page.getByRole('button', { name: 'Cancel', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: `Cancel ${runs.length}` }).waitFor()
  // One of them ends while the dialog is open: it is refused, the others are not.
  await api().runs.cancel({ params: { run: runs[0]!.runId } })
  await shoot(page, 'runs-bulk')
  await dialog.getByRole('button', { name: `Cancel ${runs.length}` }).click()
  await dialog.getByText('2 done').waitFor()
  await dialog.getByText('1 refused').waitFor()
  await dialog.getByText(`step #${runs[0]!.runId}`).waitFor()
  await shoot(page, 'runs-bulk-done')
  const states = await Promise.all(runs.map(({ runId }) => endOf(runId)))
  expect(states.map(({ state }) => state)).toEqual(['CANCELLED', 'CANCELLED', 'CANCELLED'])
  executor = await start()
  await context.close()
})
