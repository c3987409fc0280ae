import type { Executor } from '@carillon/executor'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { api, openConsole, shoot, useBrowser } from './console.ts'
import { endOf, startJourneys } from './journeys.ts'

useBrowser()

let executor: Executor
beforeAll(async () => {
  ;({ executor } = await startJourneys('foreign'))
})
afterAll(() => executor.stop())

/** What would be an element that runs, what turns the text around it, and what colours a terminal. */
const MARKUP = '<img src="/none.png" onerror="globalThis.ran = 1"><script>globalThis.ran = 1</script>'
const TURNED = 'invoice-\u202efdp.exe'
const COLOURED = '\u001b[31mred\u001b[0m'
const SAID = `${MARKUP} ${TURNED} ${COLOURED}`

test('markup, right-to-left characters and colours of a terminal in parameters, outputs and logs are text', async () => {
  const { tasks, dags, dagVersions, runs } = api()
  await tasks.create({ body: { code: 'says', type: 'step' } })
  await dags.create({ body: { code: 'says' } })
  const nodes = [{ code: 'speak', name: MARKUP, task: 'says', params: { say: '${{ params.say }}' } }]
  const definition = { params: { say: '' }, nodes, edges: [] }
  await dagVersions.create({ params: { dag: 'says' }, body: { definition } })
  await dagVersions.activate({ params: { dag: 'says', number: 1 } })
  const { runId } = await runs.triggerDag({ params: { dag: 'says' }, body: { params: { say: SAID } } })
  expect((await endOf(runId)).state).toBe('SUCCESS')

  const { page, context, faults } = await openConsole()
  const instance = (await runs.get({ params: { run: runId } })).instances[0]!.id
  await page.goto(`/t/default/runs/${runId}?view=data&panel=data&node=${instance}`)
  const blocks = page.locator('main pre')
  await expect.poll(() => blocks.count(), { timeout: 30_000 }).toBe(4)
  const shown = await blocks.evaluateAll((all) =>
    all.map((block) => [block.textContent, getComputedStyle(block).unicodeBidi] as const),
  )
  const kept = [{ say: SAID }, { said: SAID }, { say: SAID }, { said: SAID }]
  expect(shown.map(([text]) => JSON.parse(text) as unknown)).toEqual(kept)
  // What turns text around ends with its own line.
  expect(shown.map(([, bidi]) => bidi)).toEqual(kept.map(() => 'plaintext'))
  await shoot(page, 'run-foreign-data')

  await page.goto(`/t/default/runs/${runId}?node=${instance}`)
  const line = page.locator('[data-line="2"]')
  await line.getByText('<img src=').waitFor()
  expect(await line.textContent()).toContain(`${MARKUP} ${TURNED} red`)
  expect(await line.getByText('red', { exact: true }).getAttribute('class')).toMatch(/ansi-red/)
  await page.getByRole('treeitem').getByText(MARKUP).first().waitFor({ state: 'attached' })
  await shoot(page, 'run-foreign-log')

  expect(await page.locator('main img, main script').count()).toBe(0)
  expect(await page.evaluate(() => (globalThis as { ran?: number }).ran)).toBeUndefined()
  expect(faults).toEqual([])
  await context.close()
})
