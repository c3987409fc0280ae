import { expect, test } from 'vitest'
import { batchesOf, collect, planOf } from './plan.ts'

const item = (id: number, leftOut: string | null = null) => ({ id, name: `#${id}`, leftOut })

test('what cannot be done is counted by why, most first', () => {
  const plan = planOf([item(1), item(2, 'has ended'), item(3, 'paused'), item(4, 'has ended'), item(5)])
  expect(plan.eligible.map(({ id }) => id)).toEqual([1, 5])
  expect(plan.leftOut).toEqual([
    ['has ended', 2],
    ['paused', 1],
  ])
})

test('batches hold everything once', () => {
  expect(batchesOf([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]])
  expect(batchesOf([], 2)).toEqual([])
})

function pages(total: number, size: number) {
  const asked: (string | undefined)[] = []
  const page = async (cursor: string | undefined) => {
    asked.push(cursor)
    const from = Number(cursor ?? 0)
    const items = Array.from({ length: Math.min(size, total - from) }, (_, place) => from + place)
    return { items, nextCursor: from + size < total ? String(from + size) : null }
  }
  return { page, asked }
}

test('everything that matches is collected, page by page', async () => {
  const { page, asked } = pages(5, 2)
  expect(await collect(page, 100, () => true)).toEqual({ items: [0, 1, 2, 3, 4], more: false })
  expect(asked).toEqual([undefined, '2', '4'])
})

test('no more than a limit is collected, and that there is more is said', async () => {
  const { page, asked } = pages(50, 2)
  expect(await collect(page, 3, () => true)).toEqual({ items: [0, 1, 2], more: true })
  expect(asked).toHaveLength(2)
})

test('nothing more is asked for once nobody waits for it', async () => {
  const { page, asked } = pages(50, 2)
  await collect(page, 40, (count) => count < 4)
  expect(asked).toHaveLength(2)
})
