import { DEEPEST_SUB_DAG, type DagDefinition } from '@carillon/core'
import { expect, test } from 'vitest'
import type { DagUse } from '../storage/dag-use.ts'
import { circleProblems } from './dag-circle.ts'
import type { DagReferences } from './dag-references.ts'

const use = (from: number, to: number): DagUse => ({ from, to, toCode: `d${to}` })
const chain = (...ids: number[]) => ids.slice(1).map((to, place) => use(ids[place]!, to))
const count = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n)

/** What is wrong with it when the DAG 0 uses these. */
function problemsOf(uses: readonly DagUse[], ...used: number[]): readonly string[] {
  const definition: DagDefinition = { nodes: used.map((id) => ({ code: `n${id}`, dag: `d${id}` })), edges: [] }
  const references = {
    version: (code: string) => ({ dagId: Number(code.slice(1)), code }),
  } as unknown as DagReferences
  return circleProblems(uses, { id: 0, code: 'd0' }, definition, references).map(({ node, message }) => `${node} ${message}`)
}

/** The same, of which each may be looked at so often and no more. */
function bounded(uses: readonly DagUse[], most: number): readonly DagUse[] {
  let looks = 0
  const get = (use: DagUse, field: keyof DagUse) => {
    if (++looks > most * uses.length) throw new Error(`Each has been looked at more than ${most} times.`)
    return use[field]
  }
  return uses.map((use) => new Proxy(use, { get: (target, field) => get(target, field as keyof DagUse) }))
}

test('a way back is told, the shortest there is', () => {
  expect(problemsOf([...chain(1, 2, 3, 0), use(2, 0)], 1, 4)).toEqual(['n1 leads back to this DAG: d0 → d1 → d2 → d0'])
})

test('what the versions of the DAG use that there are already is not gone on with', () => {
  expect(problemsOf([use(0, 1), use(0, 2), use(2, 3)], 1)).toEqual([])
})

test('the depth is that of all DAGs above and below, wherever the new use is', () => {
  for (const above of [0, 4, DEEPEST_SUB_DAG - 2]) {
    const higher = chain(...count(100, 100 + above - 1), 0)
    const below = (length: number) => chain(...count(1, length))
    const fits = DEEPEST_SUB_DAG - above - 1
    expect(problemsOf([...higher, ...below(fits)], 1)).toEqual([])
    expect(problemsOf([...higher, ...below(fits + 1)], 1)).toEqual([
      expect.stringMatching(`^n1 stands ${DEEPEST_SUB_DAG + 1} DAGs deep; ${DEEPEST_SUB_DAG} is the most: d0 → d1`),
    ])
  }
})

test('of ten layers of ten, below and above, each use is looked at a few times', () => {
  const between = (layer: number) => count(0, 9).flatMap((a) => count(0, 9).map((b) => use(10 * layer + a, 10 * (layer + 1) + b)))
  const below = count(1, 9).flatMap(between)
  const above = [...count(21, 29).flatMap(between), ...count(300, 309).map((id) => use(id, 0))]
  const found = problemsOf(bounded([...below, ...above], 20), ...count(10, 19))
  expect(found).toEqual(count(10, 19).map((id) => expect.stringMatching(`^n${id} stands 21 DAGs deep`)))
})

test('a circle that is there already, somewhere below, does not keep it from ending', () => {
  expect(problemsOf([...chain(1, 2, 3, 1)], 1)).toEqual([])
})
