import { expect, test } from 'vitest'
import { NOTHING_YET, collect, inBatches, planOf, planOfPreview, withPart, type Parts, type Progress } from './plan.ts'

const item = (id: number, leftOut: string | null = null) => ({ id, name: `#${id}`, leftOut })

test('what cannot be done is counted by why, most first', () => {
  const plan = planOf([item(1), item(2, 'has ended'), item(3, 'paused'), item(4, 'has ended'), item(5)])
  expect(plan).toMatchObject({ count: 2, ids: [1, 5], names: ['#1', '#5'], beyond: null })
  expect(plan.leftOut).toEqual([
    ['has ended', 2],
    ['paused', 1],
  ])
})

test('what was too much to collect is left for later; what the server has not counted is done all the same', () => {
  const preview = {
    matches: { count: 10_000, more: true },
    others: { more: true },
    otherStates: [
      { state: 'SUCCESS', count: 3 },
      { state: 'PAUSED', count: 5 },
      { state: 'FAILED', count: 4 },
    ],
    sample: [{ id: 7 }],
    upTo: 7,
  }
  const why = (state: string) => (state === 'PAUSED' ? 'paused' : 'has ended')
  expect(planOf([item(1)], true).beyond).toBe('left')
  expect(planOfPreview(preview, why, ({ id }) => `#${id}`)).toEqual({
    count: 10_000,
    beyond: 'done',
    leftOut: [
      ['has ended', 7],
      ['paused', 5],
    ],
    leftOutMore: true,
    names: ['#7'],
  })
})

async function through(parts: Parts, from: Progress): Promise<Progress> {
  const progress = withPart(from, await parts(from.cursor ?? undefined))
  return progress.cursor === null ? progress : through(parts, progress)
}

test('batches hold everything once, and a part that was lost is asked for again', async () => {
  const asked: (readonly number[])[] = []
  let fails = true
  const parts = inBatches(
    [1, 2, 3, 4, 5],
    async (ids) => {
      asked.push(ids)
      if (ids[0] === 3 && fails) throw new Error('The connection is gone.')
      return ids.map((id) => ({ id, ok: id !== 4, detail: 'has ended' }))
    },
    2,
  )
  const first = withPart(NOTHING_YET, await parts(undefined))
  expect(first).toEqual({ done: 2, refused: [], cursor: '2' })
  await expect(through(parts, first)).rejects.toThrow('gone')
  fails = false
  expect(await through(parts, first)).toEqual({ done: 4, refused: [{ id: 4, ok: false, detail: 'has ended' }], cursor: null })
  expect(asked).toEqual([[1, 2], [3, 4], [3, 4], [5]])
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
