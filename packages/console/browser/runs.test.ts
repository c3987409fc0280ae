import type { Executor } from '@carillon/executor'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { api, asksOf, axeFinds, openConsole, settle, shoot, useBrowser } from './console.ts'
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

test('the sample task is run, and its log is there while it runs', async () => {
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

test('E2: a run that failed says why, is run again from there with a changed parameter, and keeps the log of each attempt', async () => {
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
  // The run that failed still has both of its attempts, each with its own log.
  await page.goto(`/t/default/runs/${failedRun}`)
  const log = page.getByRole('log')
  await log.getByText('begins, attempt 2').waitFor()
  await page.getByRole('combobox', { name: 'Attempts' }).click()
  await page.getByRole('option', { name: /^Attempt 1 / }).click()
  await page.waitForURL(/attempt=1/)
  await log.getByText('begins, attempt 1').waitFor()
  await log.getByText('<b>could not load</b> the rows').waitFor()
  expect(await log.getByText('begins, attempt 2').count()).toBe(0)
  await page.reload()
  await log.getByText('begins, attempt 1').waitFor()
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

describe('in bulk', () => {
  const waiting = () => Promise.all([1, 2, 3].map(() => api().runs.trigger({ params: { task: 'step' }, body: {} })))
  const cancelled = async (runs: readonly { runId: number }[]) =>
    expect((await Promise.all(runs.map(({ runId }) => endOf(runId)))).map(({ state }) => state)).toEqual(
      runs.map(() => 'CANCELLED'),
    )
  beforeAll(() => executor.stop())
  afterAll(async () => {
    executor = await start()
  })

  test('all runs that match are cancelled, after a look at what will happen; what has changed by then is left alone', async () => {
    const runs = await waiting()
    const { page, context, faults } = await openConsole()
    await page.goto('/t/default/runs?task=step')
    await page.getByRole('button', { name: 'Select all that match' }).click()
    await page.getByRole('button', { name: 'Cancel', exact: true }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: `Cancel ${runs.length}` }).waitFor()
    await dialog.getByText(/^\d+ left out: has ended$/).waitFor()
    await api().runs.cancel({ params: { run: runs[0]!.runId } })
    await shoot(page, 'runs-bulk')
    expect(await axeFinds(page)).toEqual([])
    const calls = asksOf(page)
    await dialog.getByRole('button', { name: `Cancel ${runs.length}` }).click()
    await dialog.getByText('2 done').waitFor()
    await dialog.getByText('1 was left alone: it had changed before its turn came.').waitFor()
    expect(calls.filter((call) => call.startsWith('POST'))).toEqual(['POST /api/v1/runs/bulk'])
    await cancelled(runs)
    expect(faults).toEqual([])
    await context.close()
  })

  test('of selected runs one that has ended by then is refused, and can be tried again', async () => {
    const runs = await waiting()
    const { page, context } = await openConsole()
    await page.goto('/t/default/runs?task=step&state=PENDING')
    for (const { runId } of runs) await page.getByRole('checkbox', { name: `Select step #${runId}` }).check()
    await page.getByRole('button', { name: 'Cancel', exact: true }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: `Cancel ${runs.length}` }).waitFor()
    await api().runs.cancel({ params: { run: runs[0]!.runId } })
    await dialog.getByRole('button', { name: `Cancel ${runs.length}` }).click()
    await dialog.getByText('2 done · 1 refused').waitFor()
    await dialog.getByText(`step #${runs[0]!.runId}: The run has already ended: CANCELLED.`).waitFor()
    await shoot(page, 'runs-bulk-done')
    await dialog.getByRole('button', { name: 'Try the refused ones again' }).click()
    await dialog.getByText('2 done · 1 refused').waitFor()
    await cancelled(runs)
    await context.close()
  })

  test('they are run again from their start or from what failed, and where nothing failed that is said', async () => {
    const { page, context } = await openConsole()
    await page.goto('/t/default/runs?dag=load-rows&state=SUCCESS,FAILED')
    await page.getByRole('button', { name: 'Select all that match' }).click()
    await page.getByRole('button', { name: 'Run again', exact: true }).click()
    const dialog = page.getByRole('dialog')
    // Of the journeys above: it failed, and what was made of it succeeded.
    await dialog.getByText('1 left out: has been run again already').waitFor()
    await dialog.getByRole('radio', { name: /^From what failed/ }).check()
    await shoot(page, 'runs-bulk-retry')
    await dialog.getByRole('button', { name: /^Run again \d+$/ }).click()
    await dialog.getByText(/^0 done · \d+ refused$/).waitFor()
    await dialog.getByText('Nothing in it failed. Retry it from its start.').first().waitFor()
    await context.close()
  })
})
