import { readFileSync } from 'node:fs'
import { definitionDocumentSchema, type TaskDocument } from '@carillon/contract'
import {
  REMEMBERING_STRATEGIES,
  ROUTE_STRATEGIES,
  ROUTES,
  chooseExecutor,
  isPlaced,
  type Candidate,
  type RouteStrategy,
} from '@carillon/core'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { routeProblems, selectorProblems } from './check-route.ts'

const page = readFileSync(new URL('../../../../docs/concepts/routing.md', import.meta.url), 'utf8')
const rows = [...page.matchAll(/^\| `(\w+)` +\|(.*)\|$/gm)].map(([, strategy, cells]) => {
  const [, remembers, weight, full, pull] = cells!.split('|').map((cell) => cell.trim())
  return { strategy: strategy as RouteStrategy, remembers, weight, full, pull }
})

test('the table of the concept page has every strategy, in its order', () => {
  expect(rows.map(({ strategy }) => strategy)).toEqual([...ROUTE_STRATEGIES])
})

const executor = (executorId: number, more: Partial<Candidate>): Candidate => ({
  ...{ executorId, held: 0, capacity: 1, weight: 1, priority: 5, mark: null },
  ...more,
})

test.each(rows)('it says of $strategy what the code does', ({ strategy, remembers, weight, full, pull }) => {
  expect(remembers !== 'nothing').toBe(REMEMBERING_STRATEGIES.includes(strategy))
  const candidates = [1, 2].map((id) => executor(id, { held: 1 }))
  const choice = chooseExecutor({ strategy }, { candidates, previous: null, avoid: null, key: '', spread: 0 })
  expect(full).toBe(choice === null ? 'others' : 'waits for it')
  // It has to name executors.
  const named = strategy === 'WEIGHTED_ROUND_ROBIN' ? { strategy, executors: [{ instance: 'a', weight: 2 }] } : { strategy }
  expect(routeProblems(named, '')).toEqual([])
  expect(pull).toBe(isPlaced(named) ? 'the one chosen' : 'who asks first')
  const counts = [1, 999].map((weightOfOne) => {
    const weighted = [executor(1, { weight: weightOfOne }), executor(2, {})]
    const chosen = Array.from(
      { length: 50 },
      (_, n) => ROUTES[strategy]({ candidates: weighted, previous: null, key: `${n}`, spread: n / 50 }).index,
    )
    return chosen.filter((index) => index === 0).length
  })
  expect(counts[0] !== counts[1]).toBe(weight === 'yes' && strategy === 'CONSISTENT_HASH')
})

test('its example is a document that can be applied', () => {
  const document = parse(/^```yaml\n(.*?)^```$/ms.exec(page)![1]!) as TaskDocument
  const valid = new Ajv2020({ strict: false, allErrors: true }).compile(definitionDocumentSchema())
  expect([valid(document), valid.errors]).toEqual([true, null])
  expect(routeProblems(document.policies?.route, '')).toEqual([])
  expect(selectorProblems(document.environment?.selector, '')).toEqual([])
})
