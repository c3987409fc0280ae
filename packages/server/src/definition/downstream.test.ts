import { DEEPEST_CHAIN } from '@carillon/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkDownstream } from './downstream.ts'

const edge = (from: number, to: number) => ({ from, to, fromCode: `t${from}`, toCode: `t${to}` })
const chain = (length: number) => Array.from({ length: length - 1 }, (_, n) => edge(n, n + 1))

test('the longest chain is twenty, wherever the new link is', () => {
  for (const at of [0, 7, DEEPEST_CHAIN - 1]) {
    expect(() => checkDownstream(chain(DEEPEST_CHAIN), at)).not.toThrow()
    expect(() => checkDownstream(chain(DEEPEST_CHAIN + 1), at)).toThrow(/chain/)
  }
})

test('many ways that meet again are no circle, and cost no time', () => {
  const layers = Array.from({ length: 18 }, (_, n) => [
    edge(2 * n, 2 * n + 2),
    edge(2 * n, 2 * n + 3),
    edge(2 * n + 1, 2 * n + 2),
    edge(2 * n + 1, 2 * n + 3),
  ])
  const begun = performance.now()
  expect(() => checkDownstream(layers.flat(), 0)).not.toThrow()
  expect(performance.now() - begun).toBeLessThan(500)
})

test('a link that closes a circle is found, and no other', () => {
  // Links that only lead upwards hold no circle; one that leads down closes one exactly where a way leads back up.
  const links = fc.uniqueArray(
    fc.tuple(fc.nat(8), fc.nat(8)).filter(([a, b]) => a < b),
    { selector: ([a, b]) => `${a}-${b}`, maxLength: 12 },
  )
  fc.assert(
    fc.property(links, fc.nat(8), fc.nat(8), (pairs, from, to) => {
      const edges = [...pairs.map(([a, b]) => edge(a, b)), edge(from, to)]
      const reaches = (start: number): boolean =>
        start === from || edges.some((each) => each.from === start && each.from !== from && reaches(each.to))
      const circular = from === to || (to < from && reaches(to))
      const check = () => checkDownstream(edges, from)
      if (circular) expect(check).toThrow(/for ever/)
      else expect(check).not.toThrow()
    }),
  )
})
