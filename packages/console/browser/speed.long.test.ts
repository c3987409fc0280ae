import { expect, test } from 'vitest'
import { openConsole, settle, useBrowser } from './console.ts'
import { slownessNow } from './frames.ts'
import { report } from './report.ts'

// It reports what it measures; budgets are multiplied by what others slow the machine down.

useBrowser()

const FIRST_ROUTES = ['/t/default', '/t/default/runs', '/t/default/tasks'] as const
const TIMES = 5
/** Medians. */
const FIRST_MS = 1_500
const CHANGE_MS = 150

test('a first route answers within moments in a browser that has never seen the console', async () => {
  const routes: (readonly [path: string, times: readonly number[]])[] = []
  for (const path of FIRST_ROUTES) {
    const times: number[] = []
    for (let time = 0; time < TIMES; time++) {
      // A profile of its own: nothing is cached.
      const { page, context } = await openConsole()
      await page.goto(path, { waitUntil: 'commit' })
      const there = await page.waitForFunction(
        () =>
          document.querySelector('main h1') !== null &&
          document.querySelector('.mantine-Loader-root') === null &&
          performance.now(),
        null,
        { polling: 'raf' },
      )
      times.push((await there.jsonValue()) as number)
      await context.close()
    }
    routes.push([path, times])
  }
  const slowness = slownessNow()
  for (const [path, times] of routes)
    report(`first route ${path}, nothing cached, until it answers`, textOf(times), `${FIRST_MS} ms`, slowness)
  expect(Math.max(...routes.map(([, times]) => medianOf(times)))).toBeLessThanOrEqual(FIRST_MS * slowness)
})

test('a page whose data is known is there at once', async () => {
  const { page, context, faults } = await openConsole()
  const places = [
    ['/t/default/runs', 'Runs'],
    ['/t/default/tasks', 'Tasks'],
    ['/t/default/dags', 'DAGs'],
    ['/t/default/schedules', 'Schedules'],
    ['/t/default/task-types', 'Task types'],
  ] as const
  await page.goto('/t/default')
  await settle(page)
  for (const [path, heading] of places) {
    await page.locator(`nav a[href="${path}"]`).click()
    await page.getByRole('heading', { name: heading, exact: true, level: 1 }).waitFor()
    await settle(page)
  }
  const changes = new Map<string, number[]>()
  for (let time = 0; time < TIMES; time++) {
    for (const [path, heading] of places) {
      const took = await page.evaluate(
        async ({ path, heading }) => {
          const frame = () => new Promise((resolve) => requestAnimationFrame(resolve))
          const begin = performance.now()
          document.querySelector<HTMLElement>(`nav a[href="${path}"]`)!.click()
          const isThere = () =>
            document.querySelector<HTMLElement>('main h1')?.innerText === heading &&
            document.querySelector('main .mantine-Loader-root') === null
          do await frame()
          while (!isThere() && performance.now() - begin < 10_000)
          // Painted.
          await frame()
          return performance.now() - begin
        },
        { path, heading },
      )
      changes.set(path, [...(changes.get(path) ?? []), took])
    }
  }
  const slowness = slownessNow()
  for (const [path, times] of changes)
    report(`to ${path} with cached data, until painted`, textOf(times), `${CHANGE_MS} ms`, slowness)
  expect(medianOf([...changes.values()].flat())).toBeLessThanOrEqual(CHANGE_MS * slowness)
  expect(faults).toEqual([])
  await context.close()
})

function medianOf(times: readonly number[]): number {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)]!
}

const textOf = (times: readonly number[]): string =>
  `median ${medianOf(times).toFixed(0)} ms, most ${Math.max(...times).toFixed(0)} ms`
