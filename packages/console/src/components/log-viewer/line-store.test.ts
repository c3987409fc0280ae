import type { LogRecord } from '@carillon/contract'
import { expect, test } from 'vitest'
import { LineStore, PIECE } from './line-store.ts'

const line = (seq: number): LogRecord => ({ seq, at: seq, level: 'INFO', source: 'handler', text: `line ${seq}` })

/** A log whose requests are counted, with some lines missing. */
function log(lines: number, missing: readonly number[] = []) {
  const asked: [number, number][] = []
  let changes = 0
  const state = { lines }
  const store = new LineStore(
    async (after, limit) => {
      asked.push([after, limit])
      const all = Array.from({ length: Math.min(limit, Math.max(0, state.lines - after)) }, (_, place) => line(after + 1 + place))
      return all.filter(({ seq }) => !missing.includes(seq))
    },
    () => changes++,
  )
  const settled = async (asks: number) => {
    await expect.poll(() => changes).toBe(asks)
  }
  return { store, asked, state, settled }
}

test('only the pieces that are wanted are fetched, once', async () => {
  const { store, asked, settled } = log(1_000_000)
  store.want(500_001, 500_050, 1_000_000)
  store.want(500_001, 500_050, 1_000_000)
  await settled(1)
  store.want(500_001, 500_050, 1_000_000)
  expect(asked).toEqual([[500_000, PIECE]])
  expect(store.line(500_020)?.text).toBe('line 500020')
  expect(store.line(1)).toBeNull()
})

test('a piece that has grown is fetched from where it ended', async () => {
  const { store, asked, state, settled } = log(30)
  store.want(1, 60, 30)
  await settled(1)
  expect(store.line(31)).toBeNull()
  state.lines = 50
  store.want(1, 60, 50)
  await settled(2)
  expect(asked).toEqual([
    [0, PIECE],
    [30, PIECE - 30],
  ])
  expect(store.line(50)?.seq).toBe(50)
})

test('a line that was never stored is known to be missing', async () => {
  const { store, settled } = log(30, [7, 30])
  store.want(1, 30, 30)
  await settled(1)
  expect([store.line(6)?.seq, store.line(7), store.line(30)]).toEqual([6, undefined, undefined])
})

test('what failed is told, and asked for once until it is to be asked for again', async () => {
  let asked = 0
  let changes = 0
  let store: LineStore | null = null
  const want = () => store?.want(1, 10, 10)
  store = new LineStore(
    async () => {
      if (++asked < 3) throw new Error('down')
      return [line(1)]
    },
    // What is drawn wants its lines again.
    () => {
      changes++
      want()
    },
  )
  want()
  await expect.poll(() => changes).toBe(1)
  want()
  expect([asked, store.error]).toEqual([1, new Error('down')])
  store.again()
  await expect.poll(() => changes).toBe(3)
  expect(asked).toBe(2)
  store.again()
  await expect.poll(() => store.line(1)?.seq).toBe(1)
  expect([asked, store.error]).toEqual([3, null])
})

test('what was not looked at for longest is forgotten', async () => {
  const { store, settled } = log(1_000_000)
  for (let piece = 0; piece < 160; piece++) store.want(piece * PIECE + 1, piece * PIECE + 1, 1_000_000)
  await settled(160)
  store.want(32_001, 32_001, 1_000_000)
  await settled(161)
  expect(store.line(1)).toBeNull()
  expect(store.line(32_001)?.seq).toBe(32_001)
})

test('lines that come by themselves need not be fetched, as far as they follow what is known', async () => {
  const { store, asked, settled } = log(1_000)
  const from = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, place) => line(first + place))
  store.take(from(1, 150))
  store.take(from(1, 450))
  store.want(140, 450, 450)
  expect([store.line(150)?.seq, store.line(401)?.seq, store.line(450)?.seq, store.line(451)]).toEqual([150, 401, 450, null])
  expect(asked).toEqual([])
  // From here on some came too fast to be sent: what lies between is fetched.
  store.take(from(501, 700))
  expect([store.line(460), store.line(520), store.line(650)?.seq]).toEqual([null, null, 650])
  store.want(440, 590, 700)
  await settled(1)
  expect([asked, store.line(460)?.seq, store.line(520)?.seq]).toEqual([[[450, 150]], 460, 520])
})

test('what lies between lines that came is not taken for missing, but fetched', async () => {
  const { store, asked, settled } = log(2_300)
  const from = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, place) => line(first + place))
  store.take(from(1, 150))
  store.take([...from(1, 150), ...from(1_301, 2_300)])
  expect([150, 151, 200, 201, 1_200, 1_300, 1_350].map((seq) => store.line(seq)?.seq ?? store.line(seq))).toEqual([
    150,
    ...[null, null, null, null, null, null],
  ])
  expect([store.line(1_401)?.seq, store.line(2_300)?.seq]).toEqual([1_401, 2_300])
  store.want(140, 210, 2_300)
  store.want(1_300, 1_450, 2_300)
  await settled(3)
  expect(asked).toEqual([
    [150, 50],
    [200, PIECE],
    [1_200, PIECE],
  ])
  expect([151, 201, 1_300, 1_350].map((seq) => store.line(seq)?.seq)).toEqual([151, 201, 1_300, 1_350])
})

test('a gap within one piece is fetched too', async () => {
  const { store, asked, settled } = log(5, [3])
  store.take([line(1), line(2)])
  store.take([line(1), line(2), line(4), line(5)])
  expect([store.line(2)?.seq, store.line(3), store.line(4)]).toEqual([2, null, null])
  store.want(1, 5, 5)
  await settled(1)
  expect([asked, store.line(3), store.line(4)?.seq]).toEqual([[[2, PIECE - 2]], undefined, 4])
})
