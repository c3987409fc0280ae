import { beforeAll, describe, expect, inject, test } from 'vitest'
import { api, axeFinds, openConsole, shoot, useBrowser } from './console.ts'
import { slownessNow } from './frames.ts'
import { endOf } from './journeys.ts'
import { report } from './report.ts'

// Takes minutes: `npm run test:long`. It reports the times that it measures.

useBrowser()

describe('E7: a log of a million lines', () => {
  const LINES = 1_000_000
  const FIRST_ERROR = 734_112
  let path: string

  beforeAll(async () => {
    path = await writeLog()
  }, 600_000)

  /** Written by the protocol of executors, in few large calls. */
  async function writeLog(): Promise<string> {
    const client = api()
    await client.apps.create({ body: { code: 'millions' } })
    await client.taskTypes.create({
      body: { code: 'million', kind: 'handler', settings: { handler: 'million' }, app: 'millions' },
    })
    await client.tasks.create({ body: { code: 'million', type: 'million', policies: { retry: { maxRetries: 0 } } } })
    const { secret } = await client.tokens.create({ body: { name: 'millions', role: 'executor', app: 'millions' } })
    const { runId } = await client.runs.trigger({ params: { task: 'million' }, body: {} })
    const call = async (name: string, body: object) => {
      const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json', 'carillon-protocol': '1' }
      const answer = await fetch(`${inject('stage').url}/executor/v1/${name}`, {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
      })
      if (!answer.ok) throw new Error(await answer.text())
      return answer.json() as Promise<Record<string, never>>
    }
    const registration = { protocol: 1, app: 'millions', instance: 'm', mode: 'PULL', handlers: ['million'], capacity: 1 }
    const { session } = await call('register', registration)
    const { assignments } = await call('claim', { session, seq: 1, max: 1, waitMs: 5_000 })
    const { tenant, instance, token } = (assignments as unknown as { tenant: number; instance: number; token: number }[])[0]!
    const key = { tenant, instance, token }
    await call('report', { session, items: [{ kind: 'STARTED', ...key }] })
    const at = Date.now()
    const lineOf = (seq: number) => {
      const failed = seq === FIRST_ERROR
      return { seq, at, level: failed ? 'ERROR' : 'INFO', source: 'handler', text: failed ? 'OOM here' : `n${seq}` }
    }
    for (let from = 1; from <= LINES; from += 20_000) {
      const items = [0, 5_000, 10_000, 15_000].map((more) => ({
        ...key,
        lines: Array.from({ length: 5_000 }, (_, place) => lineOf(from + more + place)),
      }))
      await call('logs', { session, items })
      await call('heartbeat', { session, running: [key] })
    }
    await call('report', {
      session,
      items: [{ kind: 'FAILURE', ...key, error: { code: 'OOM', message: 'out of memory' }, retriable: false }],
    })
    await endOf(runId)
    return `/t/default/runs/${runId}`
  }

  test('is opened at its first error; any line, a search of the whole and a link are soon there', async () => {
    const { page, context, faults } = await openConsole()
    const opening = await timed(async () => {
      await page.goto(path)
      await page.locator(`[data-line="${FIRST_ERROR}"]`).getByText('OOM here').waitFor()
    })
    await shoot(page, 'log-million')
    const times: number[] = []
    for (const line of [1, FIRST_ERROR, 999_999, 123_456, 500_000, 876_543]) {
      const field = page.getByRole('textbox', { name: 'Line', exact: true })
      await field.fill(String(line))
      const written = line === FIRST_ERROR ? 'OOM here' : `n${line}`
      times.push(
        await timed(async () => {
          await field.press('Enter')
          await page.locator(`[data-line="${line}"]`).getByText(written, { exact: true }).waitFor()
        }),
      )
    }
    const slowness = slownessNow()
    report('a log of a million lines, opened at its first error', `${opening} ms`, null, slowness)
    report('a log of a million lines, to any line', `most ${Math.max(...times)} ms`, '500 ms', slowness)
    expect(Math.max(...times)).toBeLessThanOrEqual(500 * slowness)

    const search = async (text: string, hits: string, budgetMs: number) => {
      const begin = Date.now()
      await page.getByRole('searchbox').fill(text)
      await page
        .getByRole('status')
        .getByText(/^[1-9]/)
        .waitFor()
      const first = Date.now() - begin
      await page.getByText(hits, { exact: true }).waitFor()
      const said = `first hit after ${first} ms, all after ${Date.now() - begin} ms`
      report(`a log of a million lines, searched for ${text}`, said, `first hit ${budgetMs} ms`, slowness)
      expect(first).toBeLessThanOrEqual(budgetMs * slowness)
    }
    // With the pause for typing. The one is found early, the other in the last quarter alone.
    await search('n99999', '11 lines', 1_000)
    await page.getByRole('searchbox').fill('')
    await page
      .getByRole('status')
      .getByText(/^[1-9]/)
      .waitFor({ state: 'detached' })
    await search('oom', '1 line', 2_000)
    await page.getByRole('button', { name: 'Next hit' }).click()
    await page.getByRole('region', { name: /^Line 734/ }).waitFor()

    const tab = await context.newPage()
    await tab.goto(page.url())
    await tab.locator(`[data-line="${FIRST_ERROR}"][data-marked]`).getByText('OOM here').waitFor()
    expect(await tab.locator('[data-marked]').count()).toBe(1)
    await tab.close()
    // Else a tooltip would stand over the page.
    await page.mouse.move(0, 0)
    await page.getByRole('tooltip').waitFor({ state: 'detached' })
    expect(await axeFinds(page)).toEqual([])
    await shoot(page, 'log-million-search')

    const other = await openConsole()
    await other.page.goto(`${path}?line=734110-734114`)
    await other.page.locator('[data-line="734112"][data-marked]').getByText('OOM here').waitFor()
    expect(await other.page.locator('[data-marked]').count()).toBe(5)
    await other.page.getByRole('combobox', { name: 'Level' }).click()
    await other.page.getByRole('option', { name: 'ERROR' }).click()
    await other.page.getByText('1 line', { exact: true }).waitFor()
    expect(faults).toEqual([])
    await other.context.close()
    await context.close()
  })

  async function timed(act: () => Promise<unknown>): Promise<number> {
    const begin = Date.now()
    await act()
    return Date.now() - begin
  }
})
