import type { Executor } from '@carillon/executor'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { api, axeFinds, openConsole, shoot, useBrowser } from './console.ts'
import { framesText, framesWatched, heapOf, slownessNow, watchFrames } from './frames.ts'
import { endOf, startJourneys } from './journeys.ts'
import { report } from './report.ts'

// Takes minutes: `npm run test:long`. It reports what it measures.

useBrowser()

describe('E9: a run of a thousand nodes', () => {
  const LAYERS = 50
  const WIDTH = 20
  const NODES = LAYERS * WIDTH
  /** A layer ends and the next one begins a little later: together about a minute. */
  const HOLD_MS = 1_000
  const SOON = { timeout: 30_000 }
  const WATCH_MS = 60_000
  const FRAME_MS = 50
  const FAILING = ['n2_3', 'n24_11', 'n49_7']
  let executor: Executor
  let run: number

  beforeAll(async () => {
    ;({ executor } = await startJourneys('thousand', { capacity: WIDTH }))
    const { tasks, dags, dagVersions } = api()
    await tasks.create({ body: { code: 'thousandth', type: 'step', policies: { retry: { maxRetries: 0 } } } })
    await dags.create({ body: { code: 'thousand' } })
    await dagVersions.create({ params: { dag: 'thousand' }, body: { definition: layers() } })
    await dagVersions.activate({ params: { dag: 'thousand', number: 1 } })
  })
  afterAll(() => executor.stop())

  /** Each node after two of the layer before. Some fail, and those behind them go on. */
  function layers() {
    const code = (layer: number, place: number) => `n${layer}_${place % WIDTH}`
    const each = Array.from({ length: NODES }, (_, n) => ({ layer: Math.floor(n / WIDTH), place: n % WIDTH }))
    return {
      nodes: each.map(({ layer, place }) => ({
        code: code(layer, place),
        task: 'thousandth',
        ...(layer > 0 ? { triggerRule: 'ALL_DONE' as const } : {}),
        mayFail: true,
        params: { holdMs: HOLD_MS, fail: FAILING.includes(code(layer, place)) ? 1 : 0 },
      })),
      edges: each
        .filter(({ layer }) => layer > 0)
        .flatMap(({ layer, place }) => [0, 7].map((step) => ({ from: code(layer - 1, place + step), to: code(layer, place) }))),
    }
  }

  test('is followed for a minute while it is moved and zoomed; graph, list and server agree', { timeout: 600_000 }, async () => {
    run = (await api().runs.triggerDag({ params: { dag: 'thousand' }, body: {} })).runId
    const { page, context, faults } = await openConsole()
    await page.emulateMedia({ reducedMotion: 'no-preference' })
    await page.goto(`/t/default/runs/${run}`)
    await page.locator(`[role=treeitem][data-node="${FAILING[2]}"]`).waitFor({ state: 'attached' })
    await page.getByText('Laying out').waitFor({ state: 'detached' })

    const before = slownessNow()
    const seen = new Set<string>()
    await watchFrames(page)
    const begin = Date.now()
    while (Date.now() - begin < WATCH_MS) {
      await moveAbout(page, async () => {
        const shown = await shownStates(page)
        expect(shown.list).toEqual(shown.graph)
        seen.add(JSON.stringify(shown.graph))
      })
    }
    const frames = await framesWatched(page)
    const slowness = Math.max(before, slownessNow())
    const figures = `${framesText(frames)}; heap ${await heapOf(page)}`
    report(`a run of ${NODES} nodes, moved and zoomed for a minute`, figures, `p95 ${FRAME_MS} ms`, slowness)
    // It was live: another picture nearly every time one looked.
    expect(seen.size).toBeGreaterThan(15)
    expect(frames.p95).toBeLessThanOrEqual(FRAME_MS * slowness)
    await shoot(page, 'run-thousand')

    const { startedAt, endedAt } = await endOf(run)
    expect(endedAt! - startedAt!).toBeGreaterThan(LAYERS * HOLD_MS)
    await expect.poll(async () => (await shownStates(page)).graph, SOON).toEqual(await serverStates(run))
    expect((await shownStates(page)).list).toEqual(await serverStates(run))
    expect(faults).toEqual([])
    await context.close()
  })

  test('is gone through by its failures, and folded by groups and unfolded again', async () => {
    const { page, context, faults } = await openConsole()
    await page.goto(`/t/default/runs/${run}`)
    const selected = page.locator('[role=treeitem][aria-selected=true]')
    await page.getByRole('button', { name: 'Fold groups' }).waitFor()
    // The log of the failure that is shown may take the focus later; keys work wherever it is.
    for (const code of [...FAILING, FAILING[0]!]) {
      await page.keyboard.press('f')
      await expect.poll(() => selected.getAttribute('data-node'), SOON).toBe(code)
    }
    await page.keyboard.press('F')
    await expect.poll(() => selected.getAttribute('data-node'), SOON).toBe(FAILING[2])
    await shoot(page, 'run-thousand-failure')

    await page.getByRole('button', { name: 'Fold groups' }).click()
    await expect.poll(() => page.getByRole('treeitem').count(), SOON).toBe(LAYERS)
    await page.waitForURL(/fold=all/)
    const words = await page.getByRole('treeitem').allTextContents()
    const counted = (state: string) =>
      words.reduce((sum, text) => sum + Number(new RegExp(`(\\d+) ${state}`).exec(text)?.[1] ?? 0), 0)
    const states = await serverStates(run)
    expect([counted('Succeeded'), counted('Failed')]).toEqual([states['SUCCESS'], states['FAILED']])
    expect(await selected.getAttribute('data-node')).toBe('group:n49')
    await shoot(page, 'run-thousand-folded')
    expect(await axeFinds(page)).toEqual([])

    await page.getByRole('tree').focus()
    await page.keyboard.press('e')
    await expect.poll(() => page.getByRole('treeitem').count(), SOON).toBe(LAYERS - 1 + WIDTH)
    // What is folded is in the address: who is sent it sees the same.
    const other = await openConsole()
    await other.page.goto(page.url())
    await expect.poll(() => other.page.getByRole('treeitem').count(), SOON).toBe(LAYERS - 1 + WIDTH)
    await page.getByRole('button', { name: 'Unfold groups' }).click()
    await expect.poll(() => page.getByRole('treeitem').count(), SOON).toBe(NODES)
    expect(faults).toEqual([])
    await other.context.close()
    await context.close()
  })

  /** By wheel and mouse: nearer, along the layers, from above to below, and back. */
  async function moveAbout(page: Page, look: () => Promise<void>): Promise<void> {
    const box = (await page.locator('canvas').boundingBox())!
    const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 }
    const drag = async (x: number, y: number) => {
      await page.mouse.move(middle.x, middle.y)
      await page.mouse.down()
      await page.mouse.move(middle.x + x, middle.y + y, { steps: 20 })
      await page.mouse.up()
      await look()
    }
    const zoom = async (by: number) => {
      await page.mouse.move(middle.x, middle.y)
      for (let step = 0; step < 15; step++) await page.mouse.wheel(0, by)
    }
    await page.getByRole('tree').focus()
    await zoom(-120)
    await drag(-300, 0)
    await drag(0, 120)
    await drag(300, -120)
    await zoom(120)
    await drag(100, 30)
    await drag(-100, -30)
  }

  type States = Readonly<Record<string, number>>

  /** What the graph and the list beside it say, at one moment. */
  async function shownStates(page: Page): Promise<{ graph: States; list: States }> {
    return page.evaluate(() => {
      const graph: Record<string, number> = {}
      for (const item of document.querySelectorAll<HTMLElement>('[role=treeitem]')) {
        const state = item.dataset['state'] ?? 'none'
        graph[state] = (graph[state] ?? 0) + 1
      }
      const sections = document.querySelectorAll<HTMLElement>('nav section[data-state]')
      const list = Array.from(sections, (section) => [section.dataset['state']!, Number(section.dataset['count'])])
      return { graph, list: Object.fromEntries(list) as Record<string, number> }
    })
  }

  async function serverStates(id: number): Promise<States> {
    const { instances } = await api().runs.get({ params: { run: id } })
    const counts: Record<string, number> = {}
    for (const { state } of instances) counts[state] = (counts[state] ?? 0) + 1
    return counts
  }
})
