import type { Executor } from '@carillon/executor'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { api, openConsole, shoot, useBrowser } from './console.ts'
import { endOf, startJourneys, until } from './journeys.ts'

useBrowser()

let executor: Executor
beforeAll(async () => {
  ;({ executor } = await startJourneys('logs'))
  await api().tasks.create({ body: { code: 'talks', type: 'step' } })
})
afterAll(() => executor.stop())

const logOf = (page: Page) => page.getByRole('log')
const topLine = (page: Page) =>
  logOf(page).evaluate((log) => {
    const top = log.getBoundingClientRect().top
    const row = [...log.querySelectorAll('[data-line]')].find((each) => each.getBoundingClientRect().bottom > top)!
    return [row.getAttribute('data-line'), Math.round(row.getBoundingClientRect().top - top)].join()
  })

test('E6: a log that is written stays where its reader is, and follows again from its end', async () => {
  const { runId } = await api().runs.trigger({
    params: { task: 'talks' },
    body: { params: { lines: 60_000, everyMs: 2, holdMs: 1_000 } },
  })
  const { page, context, faults } = await openConsole()
  await page.goto(`/t/default/runs/${runId}`)
  const last = () =>
    logOf(page).evaluate((log) => Number([...log.querySelectorAll('[data-line]')].at(-1)!.getAttribute('data-line')))
  await logOf(page).locator('[data-line]').first().waitFor()
  // It follows, and the lines before it was opened are there.
  const before = await until(last, (line) => line > 300)
  await until(last, (line) => line > before)
  await logOf(page).hover()
  await page.mouse.wheel(0, -1_500)
  await page.getByRole('button', { name: 'Follow', pressed: false }).waitFor()
  const at = await topLine(page)
  const word = page
    .getByRole('log')
    .locator('[data-line]')
    .nth(20)
    .getByText(/^line /)
  await word.dblclick()
  const selected = await page.evaluate(() => String(document.getSelection()))
  await page.getByRole('button', { name: /\d+ new lines/ }).waitFor()
  const count = async () => Number(/\d+/.exec((await page.getByRole('button', { name: /new lines/ }).textContent())!)![0])
  await until(count, (lines) => lines > 500)
  expect(await topLine(page)).toBe(at)
  expect(await page.evaluate(() => String(document.getSelection()))).toBe(selected)
  await shoot(page, 'log-scrolled-up')
  await page.getByRole('button', { name: /new lines/ }).click()
  await page.getByRole('button', { name: 'Follow', pressed: true }).waitFor()
  const after = await last()
  await until(last, (line) => line > after)
  await page.getByRole('button', { name: 'To the start' }).click()
  await page.locator('[data-line="1"]').getByText('begins').waitFor()
  expect(faults).toEqual([])
  await page.getByRole('button', { name: 'Cancel' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).last().click()
  await endOf(runId)
  await context.close()
})

test('a line with line breaks is one row that shows where they are, and is found, read whole and copied with them', async () => {
  const trace = 'Error: the rate is too high\n    at load (rates.ts:12:3)\n\n    at main (rates.ts:40:1)'
  const { runId } = await api().runs.trigger({ params: { task: 'talks' }, body: { params: { say: trace } } })
  await endOf(runId)
  const { page, context, faults } = await openConsole()
  await page.goto(`/t/default/runs/${runId}?panel=log&q=main`)
  const row = logOf(page).locator('[data-line]').filter({ hasText: 'the rate is too high' })
  const mark = row.locator('[data-break]')
  await mark.first().waitFor()
  expect(await mark.count()).toBe(3)
  // Drawn, as no font need have a sign for it.
  for (const arrow of await mark.locator('svg').all()) expect(await arrow.boundingBox()).toMatchObject({ width: 12, height: 12 })
  // All of it on the one line that the row is.
  const { top, bottom } = await row.evaluate((each) => each.getBoundingClientRect().toJSON() as DOMRect)
  const pieces = await row.locator('span span').evaluateAll((all) => all.map((each) => each.getBoundingClientRect()))
  for (const piece of pieces) expect([piece.top >= top, piece.bottom <= bottom, piece.width > 0]).toEqual([true, true, true])
  expect(await row.locator('span span', { hasText: /^main$/ }).evaluate((each) => each.className)).toContain('hit')
  await shoot(page, 'log-line-breaks')
  const copied = await logOf(page).evaluate((log) => {
    document.getSelection()!.selectAllChildren(log.querySelector('[data-break]')!.closest('[data-line]')!.parentElement!)
    const event = new ClipboardEvent('copy', { clipboardData: new DataTransfer(), bubbles: true, cancelable: true })
    log.dispatchEvent(event)
    return event.clipboardData!.getData('text/plain')
  })
  expect(copied).toContain(`\n${trace}`)
  await mark.first().click()
  const panel = page.getByRole('region', { name: /^Line \d+$/ })
  expect(await panel.locator('pre').textContent()).toBe(trace)
  await page.mouse.move(0, 0)
  await shoot(page, 'log-line-breaks-whole')
  expect(faults).toEqual([])
  await context.close()
})
