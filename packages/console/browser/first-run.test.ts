import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { axeFinds, openConsole, settle, shoot, useBrowser } from './console.ts'
import { startStage, type RunningStage } from './stage.ts'

useBrowser()

// A first start: a server of its own, of which nobody has ever seen anything but what it printed.

let began: number
let running: RunningStage
beforeAll(async () => {
  began = Date.now()
  running = await startStage()
})
afterAll(() => running.stop())

test('E1: from the command to the first log line of the sample DAG, by the printed password and the first steps alone', async () => {
  const { login, password } = running.stage
  const { page, context, faults } = await openConsole({ stage: running.stage, as: null })
  await page.goto('/')
  await page.getByLabel('Name').fill(login)
  await page.locator('input[name=password]').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  const steps = page.getByRole('region', { name: 'Get started' })
  const step = steps.getByRole('listitem').filter({ hasText: 'Run a DAG and see each node' })
  await step.getByLabel('not yet').waitFor()
  await shoot(page, 'first-steps')
  await step.getByRole('link').click()
  const dialog = page.getByRole('dialog', { name: 'Run weather-year' })
  await dialog.getByRole('combobox', { name: 'Let the report fail' }).waitFor()
  await shoot(page, 'first-run-dialog')
  await dialog.getByRole('button', { name: 'Run', exact: true }).click()
  await page.waitForURL(/\/runs\/\d+/)
  await page
    .getByRole('navigation', { name: 'Nodes' })
    .getByRole('button', { name: /^Export the days/ })
    .click()
  await page.locator('[data-line="1"]').getByText('Exporting 365 days of Seattle in 2015').waitFor()
  const seconds = (Date.now() - began) / 1000
  console.log(`From the command to the first log line: ${seconds.toFixed(1)} s`)
  expect(seconds).toBeLessThan(180)
  await page.getByText('4 of 4 nodes').waitFor()
  await page.getByText('Succeeded').first().waitFor()
  await settle(page)
  await shoot(page, 'first-run')
  expect(await axeFinds(page)).toEqual([])
  await page.getByRole('link', { name: 'Overview', exact: true }).click()
  await step.getByLabel('done').waitFor()
  // That there is no session at first is said by 401.
  expect(faults.filter((fault) => !/status of 401/.test(fault))).toEqual([])
  await context.close()
})

test('asked to, its report fails, and is run again from there without', async () => {
  const { page, context, faults } = await openConsole({ stage: running.stage })
  await page.goto('/t/default/dags/weather-year?run=1')
  const run = page.getByRole('dialog', { name: 'Run weather-year' })
  await letFail(page, 'Yes')
  await run.getByRole('button', { name: 'Run', exact: true }).click()
  await page.waitForURL(/\/runs\/\d+/)
  await page.getByRole('region', { name: 'Report the year failed' }).getByText('ASKED_TO_FAIL').waitFor()
  await page.getByRole('button', { name: 'Run again' }).first().click()
  const again = page.getByRole('dialog')
  await again.getByText('From what failed: 3 nodes stand').waitFor()
  await letFail(page, 'No')
  await again.getByRole('button', { name: 'Run again' }).click()
  await page.getByText('4 of 4 nodes').waitFor()
  await page.getByText('Succeeded').first().waitFor()
  expect(faults).toEqual([])
  await context.close()
})

async function letFail(page: Page, answer: 'Yes' | 'No'): Promise<void> {
  await page.getByRole('dialog').getByRole('combobox', { name: 'Let the report fail' }).click()
  await page.getByRole('option', { name: answer }).click()
}
