import { expect, test } from 'vitest'
import { Findings } from './findings.ts'
import { treesOf } from './trees.ts'
import type { XxlJob } from './xxl-tables.ts'

const SERIAL = 'SERIAL_EXECUTION'

/** Jobs by number with their children. */
function trees(children: Record<number, number[]>, more: { fires?: number[]; blocks?: Record<number, string> } = {}) {
  const findings = new Findings()
  const jobs = Object.keys(children).map(
    (id) => ({ id: Number(id), block: more.blocks?.[Number(id)] ?? SERIAL }) as unknown as XxlJob,
  )
  const links = new Map(Object.entries(children).map(([id, below]) => [Number(id), below]))
  const found = treesOf(jobs, links, ({ id }) => more.fires?.includes(id) ?? false, findings)
  return {
    trees: found.map(({ root, jobs: all, edges }) => [root.id, all, edges.map(({ from, to }) => `${from}>${to}`)]),
    told: findings.all().map(({ text, jobs: of }) => `${of.join()}: ${text}`),
  }
}

test('a job with all that it starts, directly or not, is a tree; a job without children is none', () => {
  const { trees: found, told } = trees({ 1: [2, 3], 2: [4], 3: [], 4: [], 5: [] })
  expect(found).toEqual([[1, [1, 2, 3, 4], ['1>2', '1>3', '2>4']]])
  expect(told).toEqual([
    '1: It starts others as the DAG xxl-1-tree, and none when its task is triggered alone',
    '1: Its block strategy holds for the whole DAG xxl-1-tree: until the last of its jobs has ended',
  ])
})

test('a job that several start stays linked, and so does all around it', () => {
  const { trees: found, told } = trees({ 1: [2, 3], 2: [3], 3: [], 4: [5], 5: [6], 6: [], 7: [6] })
  expect(found).toEqual([])
  expect(told).toEqual([
    '1: What it starts stays links, and is no DAG: several jobs start 3',
    '4,7: What it starts stays links, and is no DAG: several jobs start 6',
  ])
})

test('a job that fires by itself and is a child stays linked', () => {
  const { trees: found, told } = trees({ 1: [2], 2: [3], 3: [], 4: [5], 5: [] }, { fires: [1, 2, 4] })
  expect(found.map(([root]) => root)).toEqual([4])
  expect(told[0]).toBe('1: What it starts stays links, and is no DAG: 2 also fires by itself')
})

test('a block strategy that gives way to that of the root is told', () => {
  const { told } = trees({ 1: [2, 3], 2: [], 3: [] }, { blocks: { 3: 'COVER_EARLY' } })
  expect(told.at(-1)).toBe('3: In the DAG xxl-1-tree its block strategy gives way to that of job 1')
})
