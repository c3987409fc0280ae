import { expect, test } from 'vitest'
import { shownRows } from './live-rows.ts'

const row = (id: number, state = 'RUNNING') => ({ id, state })
const idOf = ({ id }: { id: number }) => id
const head = (nextCursor: string | null, ...items: ReturnType<typeof row>[]) => ({ items, nextCursor })

test('rows in sight change in their places; those that came since are counted, and moved by nobody', () => {
  const shown = shownRows([row(5), row(4), row(1)], head('more', row(6), row(5, 'SUCCESS'), row(4)), idOf)
  expect(shown).toEqual({ rows: [row(5, 'SUCCESS'), row(4), row(1)], fresh: 1, gone: 0 })
})

test('rows that no longer match are told from those that lie behind the first page', () => {
  expect(shownRows([row(5), row(4), row(3), row(2)], head('more', row(5), row(3)), idOf)).toMatchObject({ fresh: 0, gone: 1 })
  expect(shownRows([row(5), row(4)], head(null, row(5)), idOf)).toMatchObject({ gone: 1 })
  // Its last row has come to match since.
  expect(shownRows([row(5), row(4), row(3)], head('more', row(6), row(4), row(2)), idOf)).toMatchObject({ fresh: 2, gone: 1 })
  expect(shownRows([row(5), row(4)], head(null), idOf)).toMatchObject({ gone: 2 })
})

test('without a first page the rows are as they were read', () => {
  expect(shownRows([row(5)], undefined, idOf)).toEqual({ rows: [row(5)], fresh: 0, gone: 0 })
})
