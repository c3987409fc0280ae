import { CarillonError } from '@carillon/core'
import { afterEach, expect, test, vi } from 'vitest'
import { createWakeHub } from '../runtime/wake-hub.ts'
import { createTopics, type Look, type Reader, type Viewer } from './topics.ts'

const errors: unknown[] = []
const open = () => {
  const hub = createWakeHub()
  const refusalOf = (error: unknown) => (error instanceof CarillonError ? error : null)
  return { hub, topics: createTopics({ hub, refusalOf, onError: (error) => errors.push(error) }) }
}
afterEach(() => void errors.splice(0))

const saw = (n: number, more: Partial<Look> = {}): Look => ({
  ...{ seq: n, head: n, extent: 'CHANGED', items: [], resumableFrom: 0 },
  ...more,
})
const viewer = () => ({ news: vi.fn<Viewer['news']>(), trouble: vi.fn<Viewer['trouble']>(), ended: vi.fn<Viewer['ended']>() })
const reads =
  (look: Reader['look'], more: Partial<Reader> = {}) =>
  () => ({ everyMs: 1, look, ...more })

test('two looks lie apart by at least the least time, and by four times what one takes', async () => {
  const at: number[] = []
  const took = 60
  const { topics } = open()
  const look = async () => {
    at.push(performance.now())
    await new Promise((resolve) => setTimeout(resolve, took))
    return saw(at.length)
  }
  const seat = topics.join(1, 'a', reads(look, { everyMs: 50 }), viewer(), undefined)
  await vi.waitFor(() => expect(at.length).toBe(3), { timeout: 5_000, interval: 5 })
  seat.leave()
  for (const [n, time] of at.slice(1).entries()) expect(time - at[n]!).toBeGreaterThanOrEqual(5 * took - 10)
})

test('a hint ends the rest, but not the least time', async () => {
  const { hub, topics } = open()
  const look = vi.fn<Reader['look']>(async () => saw(1, { restMs: 60_000 }))
  const seat = topics.join(1, 'a', reads(look, { everyMs: 100, hint: 'l5' }), viewer(), undefined)
  await vi.waitFor(() => expect(look).toHaveBeenCalledTimes(1))
  const startedAt = performance.now()
  hub.wake('l5')
  await vi.waitFor(() => expect(look).toHaveBeenCalledTimes(2), { timeout: 5_000, interval: 5 })
  expect(performance.now() - startedAt).toBeGreaterThan(80)
  seat.leave()
})

test('a look that fails is told to viewers once, tried again later, and told to be over', async () => {
  const { topics } = open()
  let broken = true
  const look = async () => {
    if (broken) throw new Error('no connection')
    return saw(1)
  }
  const mine = viewer()
  const seat = topics.join(1, 'a', reads(look), mine, undefined)
  await vi.waitFor(() => expect(mine.trouble).toHaveBeenCalledTimes(1))
  const late = viewer()
  const other = topics.join(1, 'a', reads(look), late, undefined)
  await vi.waitFor(() => expect(late.trouble).toHaveBeenCalledTimes(1))
  broken = false
  await vi.waitFor(() => expect(mine.news).toHaveBeenCalled(), { timeout: 5_000 })
  for (const each of [mine, late]) expect(each.trouble).toHaveBeenCalledTimes(1)
  expect(errors).toHaveLength(1)
  for (const each of [seat, other]) each.leave()
})

test('what there is not (any more) ends for all who look at it, and is looked for anew by who asks again', async () => {
  const { topics } = open()
  const gone = new CarillonError('NOT_FOUND', 'Gone.')
  const look = vi.fn<Reader['look']>().mockRejectedValue(gone)
  const [one, two] = [viewer(), viewer()]
  topics.join(1, 'a', reads(look), one, undefined)
  topics.join(1, 'a', reads(look), two, undefined)
  await vi.waitFor(() => expect(two.ended).toHaveBeenCalledWith(gone))
  expect(one.ended).toHaveBeenCalledWith(gone)
  topics.join(1, 'a', reads(look), viewer(), undefined)
  await vi.waitFor(() => expect(look).toHaveBeenCalledTimes(2))
})

test('equal names of two tenants are two topics', async () => {
  const { topics } = open()
  const [a, b] = [viewer(), viewer()]
  const first = topics.join(
    1,
    'x',
    reads(async () => saw(1)),
    a,
    undefined,
  )
  const second = topics.join(
    2,
    'x',
    reads(async () => saw(2)),
    b,
    undefined,
  )
  await vi.waitFor(() => expect(b.news).toHaveBeenCalled())
  expect([first.take(false)?.rest, second.take(false)?.rest].map((rest) => /"seq":\d/.exec(rest!)![0])).toEqual([
    '"seq":1',
    '"seq":2',
  ])
  for (const seat of [first, second]) seat.leave()
})

test('the pages of one tenant leave room for those of others', () => {
  const { topics } = open()
  const look = () => new Promise<Look>(() => undefined)
  const seats = Array.from({ length: 500 }, (_, n) => topics.join(1, `t${n}`, reads(look), viewer(), undefined))
  expect(() => topics.join(1, 'one more', reads(look), viewer(), undefined)).toThrow('as much at once as it can')
  seats.push(topics.join(1, 't7', reads(look), viewer(), undefined), topics.join(2, 'theirs', reads(look), viewer(), undefined))
  for (const seat of seats) seat.leave()
  topics.join(1, 'one more', reads(look), viewer(), undefined).leave()
})
