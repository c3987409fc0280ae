import { expect, test } from 'vitest'
import { criticalPath } from './critical-path.ts'

const span = (code: string, startedAt: number | null, endedAt: number | null = null) => ({ code, startedAt, endedAt })
const edge = (text: string) => ({ from: text[0]!, to: text[1]! })
const edges = ['ab', 'ac', 'bd', 'cd'].map(edge)

test('leads over the slower branch', () => {
  const spans = [span('a', 0, 10), span('b', 10, 90), span('c', 10, 20), span('d', 90, 100)]
  expect(criticalPath(spans, edges, 200)).toEqual(['a', 'b', 'd'])
})

test('ends at what ended last, although something is behind it that did not run', () => {
  expect(criticalPath([span('a', 0, 10), span('b', 10, 20), span('c', 10, 30), span('d', null)], edges, 99)).toEqual(['a', 'c'])
})

test('counts what is under way as ending now', () => {
  expect(criticalPath([span('a', 0, 10), span('b', 10), span('c', 10, 30), span('d', null)], edges, 99)).toEqual(['a', 'b'])
})

test('is empty before anything began', () => {
  expect(criticalPath([span('a', null)], edges, 5)).toEqual([])
})

test('ends also where the edges go round', () => {
  expect(criticalPath([span('a', 0, 1), span('b', 1, 2)], [edge('ab'), edge('ba')], 5)).toEqual(['a', 'b'])
})

test('takes thousands of nodes in a row', () => {
  const codes = Array.from({ length: 3_000 }, (_, place) => String(place))
  const spans = codes.map((code, place) => span(code, place, place + 1))
  const line = codes.slice(1).map((to, place) => ({ from: codes[place]!, to }))
  expect(criticalPath(spans, line, 0)).toHaveLength(3_000)
})
