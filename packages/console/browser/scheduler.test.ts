import type { Executor } from '@carillon/executor'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { api, axeFinds, openConsole, settle, useBrowser } from './console.ts'
import { endOf, startJourneys, until } from './journeys.ts'

useBrowser()

let executor: Executor

beforeAll(async () => {
  ;({ executor } = await startJourneys('scheduler', { app: 'scheduler', type: 'scheduler-step' }))
  await api().tasks.create({ body: { code: 'scheduled', type: 'scheduler-step' } })
})
afterAll(() => executor.stop())

// A test that fails must not hold up those after it.
afterEach(async () => {
  const { nodes } = await api().scheduler.start()
  for (const { id, state } of nodes) if (state !== 'RUNNING') await api().scheduler.startNode({ params: { node: id } })
})

describe('the scheduler is stopped, drained and started on the page of its nodes', () => {
  test('all nodes drain: what waits says so, leads back there, and runs when they are started', async () => {
    const { page, context } = await openConsole()
    const confirm = (name: string) => page.getByRole('dialog').getByRole('button', { name }).click()
    await page.goto('/platform/nodes')
    await page.getByRole('button', { name: 'Drain all' }).click()
    await page.getByRole('dialog').getByText('nothing new is given to executors').waitFor()
    await confirm('Drain all')
    await page.getByText('All are draining').waitFor()
    await page.getByRole('row').getByText('Draining', { exact: true }).waitFor()
    const ordered = await api().scheduler.status()
    expect(ordered.state).toBe('DRAINING')
    // A node hears of it with its next sign of life; until then it goes on.
    await until(
      () => api().scheduler.status(),
      ({ nodes: [node] }) => node!.seenAt > ordered.nodes[0]!.seenAt,
    )
    await settle(page)
    expect(await axeFinds(page)).toEqual([])

    const { runId } = await api().runs.trigger({ params: { task: 'scheduled' }, body: {} })
    await page.goto(`/t/default/runs/${runId}`)
    const why = page.getByRole('region', { name: 'Why is it not running?' })
    await why.getByText('The scheduler is stopped').waitFor()
    await why.getByRole('link', { name: 'To the nodes' }).click()
    await page.getByRole('button', { name: 'Start all' }).click()
    await confirm('Start all')
    await page.getByText('All are draining').waitFor({ state: 'detached' })
    expect((await endOf(runId)).state).toBe('SUCCESS')
    await context.close()
  })

  test('one node stops alone and is started again', async () => {
    const { page, context } = await openConsole()
    await page.goto('/platform/nodes')
    const row = page.getByRole('table', { name: 'Nodes' }).getByRole('row').nth(1)
    await row.getByRole('button', { name: /^Stop/ }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Stop', exact: true }).click()
    await row.getByText('Fires nothing').waitFor()
    expect(await api().scheduler.status()).toMatchObject({ state: 'RUNNING', nodes: [{ state: 'STOPPED' }] })
    await row.getByRole('button', { name: /^Start/ }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Start', exact: true }).click()
    await row.getByText('Running', { exact: true }).waitFor()
    await context.close()
  })
})
