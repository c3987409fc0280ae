import { describe, expect, it } from 'vitest'
import { jitterOf } from './jitter.ts'

describe('jitterOf', () => {
  it('is the same for the same fire, and none without jitter', () => {
    expect(jitterOf(7, 1_800_000_000_000, 30_000)).toBe(jitterOf(7, 1_800_000_000_000, 30_000))
    expect(jitterOf(7, 1_800_000_000_000, 0)).toBe(0)
  })

  it('never changes between releases: nodes of two versions must agree', () => {
    expect([1, 2, 2 ** 40].map((id) => jitterOf(id, 1_800_000_000_000, 60_000))).toEqual([35_479, 7_807, 45_630])
  })

  it.each([
    ['schedules that share a fire', (index: number) => jitterOf(index, 1_800_000_000_000, 9)],
    ['fires of one schedule', (index: number) => jitterOf(7, 1_800_000_000_000 + index * 60_000, 9)],
    ['schedules with large ids', (index: number) => jitterOf(2 ** 32 * index + 5, 1_800_000_000_000, 9)],
  ])('is uniform over [0, jitterMs] for %s', (_, jitter) => {
    const counts = Array<number>(10).fill(0)
    for (let index = 0; index < 20_000; index++) counts[jitter(index)]! += 1
    for (const count of counts) expect(Math.abs(count - 2_000)).toBeLessThan(200)
  })

  it('reaches a whole day', () => {
    const jitters = Array.from({ length: 5_000 }, (_, id) => jitterOf(id, 0, 86_400_000))
    expect(Math.max(...jitters)).toBeGreaterThan(86_300_000)
    expect(Math.max(...jitters)).toBeLessThanOrEqual(86_400_000)
    expect(Math.min(...jitters)).toBeLessThan(100_000)
    expect(Math.min(...jitters)).toBeGreaterThanOrEqual(0)
  })
})
