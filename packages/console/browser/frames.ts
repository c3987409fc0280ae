import type { Page } from 'playwright-core'

/** What people feel while they use a page: how long each frame took, and when the page did not answer at all. */
export interface Frames {
  readonly count: number
  readonly p50: number
  readonly p95: number
  readonly max: number
  /** Of tasks of 50 ms and more, as browsers count them. */
  readonly longTasks: readonly number[]
}

interface Watched {
  watch?: { readonly frames: number[]; readonly tasks: number[]; readonly stop: () => void }
}

export async function watchFrames(page: Page): Promise<void> {
  await page.evaluate(() => {
    const frames: number[] = []
    const tasks: number[] = []
    const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration)))
    observer.observe({ type: 'longtask' })
    let last = performance.now()
    let watching = true
    const frame = () => {
      const now = performance.now()
      frames.push(now - last)
      last = now
      if (watching) requestAnimationFrame(frame)
    }
    requestAnimationFrame(frame)
    const stop = () => {
      watching = false
      observer.disconnect()
    }
    ;(globalThis as Watched).watch = { frames, tasks, stop }
  })
}

export async function framesWatched(page: Page): Promise<Frames> {
  const { frames, tasks } = await page.evaluate(() => {
    const { frames, tasks, stop } = (globalThis as Watched).watch!
    stop()
    return { frames, tasks }
  })
  const sorted = [...frames].sort((a, b) => a - b)
  const share = (of: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * of))] ?? 0
  return { count: frames.length, p50: share(0.5), p95: share(0.95), max: sorted.at(-1) ?? 0, longTasks: tasks }
}

export function framesText({ count, p50, p95, max, longTasks }: Frames): string {
  const ms = (value: number) => value.toFixed(1)
  const longest = longTasks.length === 0 ? '' : `, longest ${Math.max(...longTasks).toFixed(0)} ms`
  return `${count} frames, p50 ${ms(p50)} ms, p95 ${ms(p95)} ms, max ${ms(max)} ms; ${longTasks.length} long tasks${longest}`
}

const WORK_MS = 1_000

/**
 * How much longer work takes on this machine just now than it should, since others want its processors too: 1 where nobody does. Budgets are
 * multiplied by it.
 */
export function slownessNow(): number {
  const begin = { at: performance.now(), used: process.cpuUsage() }
  let worked = 0
  while (worked < WORK_MS) {
    const { user, system } = process.cpuUsage(begin.used)
    worked = (user + system) / 1_000
  }
  return Math.max(1, (performance.now() - begin.at) / worked)
}

/** Of the page's JavaScript, after what nobody holds has been thrown away. */
export async function heapOf(page: Page): Promise<string> {
  const session = await page.context().newCDPSession(page)
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize } = await session.send('Runtime.getHeapUsage')
  await session.detach()
  return `${(usedSize / 2 ** 20).toFixed(1)} MB`
}
