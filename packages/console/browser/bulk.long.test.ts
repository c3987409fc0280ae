import { beforeAll, expect, test } from 'vitest'
import { api, axeFinds, openConsole, settle, shoot, useBrowser } from './console.ts'
import { until } from './journeys.ts'

// It prints what it measures.

useBrowser()

/** A tenant of its own, in which nothing else runs. */
const TENANT = 'thousands'
const MANY = 12_000
const ENDED = 40
const SUCCEEDED = 5

const client = () => api(TENANT)

/** Newest first. */
async function trigger(task: string, count: number): Promise<readonly number[]> {
  const ids: number[] = []
  while (ids.length < count) {
    const items = Array.from({ length: Math.min(1_000, count - ids.length) }, () => ({ task }))
    ids.push(...(await client().runs.triggerMany({ body: { items } })).items.map(({ runId }) => runId!))
  }
  return ids.toReversed()
}

/** How many runs of the bulks of an action the audit trail names. */
async function audited(action: string): Promise<{ readonly entries: number; readonly runs: number }> {
  const runs: number[] = []
  for (let cursor: string | undefined; ;) {
    const page = await client().audit.list({
      query: { operation: 'run.bulk', limit: 200, ...(cursor === undefined ? {} : { cursor }) },
    })
    const all = page.items.map(({ after }) => after as { action: string; runs: number[] })
    runs.push(...all.filter((each) => each.action === action).map((each) => each.runs.length))
    if (page.nextCursor === null) return { entries: runs.length, runs: runs.reduce((sum, count) => sum + count, 0) }
    cursor = page.nextCursor
  }
}

const rate = (count: number, since: number) => {
  const seconds = (performance.now() - since) / 1_000
  return `${count} in ${seconds.toFixed(1)} s (${Math.round(count / seconds)}/s)`
}

beforeAll(async () => {
  await api().tenants.create({ body: { code: TENANT } })
  await client().apps.create({ body: { code: 'nobody' } })
  // No executor serves it, so what is triggered waits.
  await client().taskTypes.create({ body: { code: 'step', kind: 'handler', settings: { handler: 'step' }, app: 'nobody' } })
  await client().taskTypes.create({ body: { code: 'tick', kind: 'log', settings: { message: 'tick' } } })
  for (const code of ['step', 'tick']) await client().tasks.create({ body: { code, type: code } })
})

test('E10: twelve thousand runs are cancelled and run again by their filter: stopped, gone on with, what is refused tried again, all of it audited', async () => {
  await trigger('tick', SUCCEEDED)
  await until(
    () => client().runs.list({ query: { task: 'tick', state: ['SUCCESS'] } }),
    ({ items }) => items.length === SUCCEEDED,
  )
  const runs = await trigger('step', MANY + ENDED)
  await client().runs.cancelMany({ body: { runs: runs.slice(0, ENDED) } })

  const { page, context, faults } = await openConsole()
  await page.goto(`/t/${TENANT}/runs?task=step`)
  await settle(page)
  await page.getByRole('button', { name: 'Select all that match' }).click()
  await page.getByRole('button', { name: 'Cancel', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('More than 10,000 match', { exact: false }).waitFor()
  await dialog.getByText(`At least ${ENDED} left out: has ended`).waitFor()
  await shoot(page, 'runs-bulk-thousands')
  expect(await axeFinds(page)).toEqual([])
  expect(await dialog.getByRole('button', { name: 'Cancel more than 10000' }).isDisabled()).toBe(true)
  await dialog.getByLabel('10000').fill('10000')
  const late = await trigger('step', 1)
  const cancelling = performance.now()
  await dialog.getByRole('button', { name: 'Cancel more than 10000' }).click()

  await dialog.getByText(/^\d+ of more than 10000 answered$/).waitFor()
  await dialog.getByRole('button', { name: 'Stop' }).click()
  await dialog.getByText('Stopped before the end: the others were not touched.').waitFor()
  const stoppedAt = (await audited('cancel')).runs
  expect(stoppedAt).toBeLessThan(MANY)
  await dialog.getByRole('button', { name: 'Go on' }).click()
  await dialog.getByText(`${MANY} done`, { exact: true }).waitFor({ timeout: 300_000 })
  console.log(`cancelled by the console, stopped once after ${stoppedAt}: ${rate(MANY, cancelling)}`)
  await shoot(page, 'runs-bulk-thousands-done')
  expect(await audited('cancel')).toEqual({ entries: MANY / 200, runs: MANY })
  await dialog.getByRole('button', { name: 'Close' }).last().click()
  const left = await client().runs.list({ query: { state: ['PENDING', 'RUNNING'] } })
  expect(left.items.map(({ id }) => id)).toEqual(late)

  const runAgain = async (task: string, from: RegExp, count: number) => {
    await page.goto(`/t/${TENANT}/runs?task=${task}`)
    await settle(page)
    await page.getByRole('button', { name: 'Select all that match' }).click()
    await page.getByRole('button', { name: 'Run again', exact: true }).click()
    await dialog.getByRole('radio', { name: from }).check()
    if (count >= 1_000) await dialog.getByLabel(String(count)).fill(String(count))
    await dialog.getByRole('button', { name: /^Run again (more than )?\d+$/ }).click()
  }
  await runAgain('tick', /^From what failed/, SUCCEEDED)
  await dialog.getByText(`0 done · ${SUCCEEDED} refused`).waitFor()
  const refused = dialog.getByRole('list', { name: 'What was refused' }).getByRole('listitem')
  expect(await refused.allTextContents()).toEqual(
    Array.from({ length: SUCCEEDED }, () => expect.stringMatching(/Nothing in it failed\. Retry it from its start\.$/)),
  )
  await dialog.getByRole('button', { name: 'Try the refused ones again' }).click()
  await dialog.getByText(`0 done · ${SUCCEEDED} refused`).waitFor()
  await shoot(page, 'runs-bulk-refused')

  const again = performance.now()
  await runAgain('step', /^From their start/, 10_000)
  await dialog.getByText(`${MANY + ENDED} done`, { exact: true }).waitFor({ timeout: 300_000 })
  console.log(`run again by the console: ${rate(MANY + ENDED, again)}`)
  expect((await audited('retry')).runs).toBe(MANY + ENDED + SUCCEEDED)

  await page.goto(`/t/${TENANT}/audit?operation=run.bulk`)
  await page.getByRole('row').filter({ hasText: 'run.bulk' }).first().waitFor()
  expect(faults).toEqual([])
  await context.close()
})

test('they are cancelled by the API alone, so that nothing of them waits any more', async () => {
  const body = { action: 'cancel', filter: {} } as const
  const since = performance.now()
  const { upTo } = await client().runBulk.preview({ body })
  let succeeded = 0
  for (let cursor: string | null | undefined; cursor !== null;) {
    const part = await client().runBulk.act({ body: { ...body, upTo: upTo!, ...(cursor === undefined ? {} : { cursor }) } })
    succeeded += part.succeeded
    cursor = part.nextCursor
  }
  console.log(`cancelled by the API: ${rate(succeeded, since)}`)
  expect(succeeded).toBe(MANY + ENDED + 1)
  expect((await client().runBulk.preview({ body })).upTo).toBeNull()
})
