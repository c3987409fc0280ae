import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { openLive, type LiveOptions, type LivePage, type LiveSocket, type LiveStatus } from './live-client.ts'
import { CLOSE_UNAUTHENTICATED, type LiveMessage, type LiveRequest } from './live.ts'

/** The server's side of a connection, played by the test. */
class Line implements LiveSocket {
  onopen: LiveSocket['onopen'] = null
  onmessage: LiveSocket['onmessage'] = null
  onclose: LiveSocket['onclose'] = null
  onerror: LiveSocket['onerror'] = null
  readonly sent: LiveRequest[] = []
  closed = false
  send(text: string) {
    this.sent.push(JSON.parse(text) as LiveRequest)
  }
  close() {
    this.closed = true
  }
  say(...messages: LiveMessage[]) {
    for (const message of messages) this.onmessage?.({ data: JSON.stringify(message) } as never)
  }
  hello() {
    this.onopen?.(undefined as never)
    this.say({ type: 'hello', serverTime: 1_000_000, node: 'n' })
  }
  lose(code = 1006) {
    this.onclose?.({ code } as never)
  }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function start(options: Partial<LiveOptions> = {}) {
  const lines: Line[] = []
  const urls: string[] = []
  const statuses: LiveStatus[] = []
  const live = openLive({
    baseUrl: 'https://carillon.example.org/',
    connect: (url) => {
      urls.push(url)
      lines.push(new Line())
      return lines.at(-1)!
    },
    onStatus: (status) => statuses.push(status),
    page: null,
    random: () => 0.5,
    ...options,
  })
  return { live, lines, urls, statuses, line: () => lines.at(-1)! }
}

const topic = { kind: 'runs', tenant: 'shop', query: { limit: 2, task: 'a' } } as const
const watching = () => ({
  onView: vi.fn<(view: any) => void>(),
  onRefused: vi.fn<(problem: unknown) => void>(),
  onStale: vi.fn<(stale: boolean) => void>(),
})
const snapshot = (id: number, seq: number, ...items: unknown[]): LiveMessage => ({
  ...{ type: 'snapshot', id, seq },
  data: { head: { nextCursor: null }, items },
})
const changes = (id: number, seq: number, more: object = {}): LiveMessage => ({
  ...{ type: 'changes', id, seq, upserts: [], removed: [] },
  ...more,
})

test('it connects by the path of live views, and subscribes as soon as the server has said hello', () => {
  const { live, line, urls } = start()
  live.watch(topic, watching())
  expect(urls).toEqual(['wss://carillon.example.org/api/v1/live'])
  expect(line().sent).toEqual([])
  line().hello()
  expect(line().sent).toEqual([{ type: 'subscribe', id: 1, topic }])
})

test('a view is what the messages make of it; what has not changed stays the same object', () => {
  const { live, line } = start()
  const watcher = watching()
  live.watch(topic, watcher)
  line().hello()
  line().say(snapshot(1, 1, { id: 5, state: 'PENDING' }, { id: 4, state: 'SUCCESS' }))
  const first = watcher.onView.mock.lastCall![0]
  line().say(changes(1, 2, { upserts: [{ id: 6, state: 'PENDING' }], removed: [4], order: [6, 5] }))
  const second = watcher.onView.mock.lastCall![0]
  expect(second).toEqual({
    head: { nextCursor: null },
    items: [
      { id: 6, state: 'PENDING' },
      { id: 5, state: 'PENDING' },
    ],
  })
  expect(second.items[1]).toBe(first.items[0])
})

test('equal topics are one subscription, which ends with its last watcher', () => {
  const { live, line } = start()
  const [one, two] = [watching(), watching()]
  const stopOne = live.watch(topic, one)
  line().hello()
  line().say(snapshot(1, 1, { id: 5 }))
  const stopTwo = live.watch({ query: { task: 'a', limit: 2 }, tenant: 'shop', kind: 'runs' }, two)
  expect(two.onView).toHaveBeenCalledTimes(1)
  stopOne()
  stopOne()
  expect(line().sent).toHaveLength(1)
  stopTwo()
  expect(line().sent.at(-1)).toEqual({ type: 'unsubscribe', id: 1 })
})

test('a refused topic is over, and can be asked for again', () => {
  const { live, line } = start()
  const watcher = watching()
  live.watch(topic, watcher)
  line().hello()
  line().say({ type: 'refused', id: 1, problem: { code: 'NOT_FOUND' } as never })
  expect(watcher.onRefused).toHaveBeenCalledWith({ code: 'NOT_FOUND' })
  live.watch(topic, watching())
  expect(line().sent.at(-1)).toEqual({ type: 'subscribe', id: 2, topic })
})

test('what the server says is out of date is stale until it is renewed or confirmed', () => {
  const { live, line } = start()
  const watcher = watching()
  live.watch(topic, watcher)
  line().hello()
  line().say(snapshot(1, 1, { id: 5 }), { type: 'resync', id: 1 }, { type: 'resync', id: 1 })
  expect(watcher.onStale.mock.calls).toEqual([[true]])
  line().say(changes(1, 1))
  expect(watcher.onStale.mock.calls).toEqual([[true], [false]])
  expect(watcher.onView).toHaveBeenCalledTimes(1)
})

describe('a connection that is lost', () => {
  test('is made again, and every topic goes on where it was', () => {
    const { live, lines, line, statuses } = start()
    const watcher = watching()
    live.watch(topic, watcher)
    line().hello()
    line().say(snapshot(1, 77, { id: 5 }))
    line().lose()
    expect(watcher.onStale).toHaveBeenCalledWith(true)
    expect(statuses.map(({ state }) => state)).toEqual(['live', 'lost'])
    vi.advanceTimersByTime(10_000)
    expect(lines).toHaveLength(2)
    line().hello()
    expect(line().sent).toEqual([{ type: 'subscribe', id: 1, topic, since: 77 }])
    expect(statuses.at(-1)).toEqual({ state: 'live' })
  })

  test('is tried again after pauses that grow to their longest, spread over their whole range', () => {
    const pauses = (random: number) => {
      const { line, statuses, live } = start({ random: () => random, retryMs: [1_000, 8_000] })
      for (let n = 0; n < 5; n++) {
        line().lose()
        vi.advanceTimersByTime(10_000)
      }
      live.close()
      return statuses.flatMap((status, n) => (status.state === 'lost' ? [Math.round(status.retryAt - base - n * 10_000)] : []))
    }
    let base = Date.now()
    expect(pauses(0)).toEqual([1_000, 1_000, 1_000, 1_000, 1_000])
    base = Date.now()
    expect(pauses(1)).toEqual([2_000, 4_000, 8_000, 8_000, 8_000])
  })

  test('is noticed by its silence', () => {
    const { lines, line, statuses } = start({ silenceMs: 45_000 })
    line().hello()
    vi.advanceTimersByTime(40_000)
    line().say({ type: 'ping', serverTime: 0 })
    vi.advanceTimersByTime(40_000)
    expect(statuses.at(-1)).toEqual({ state: 'live' })
    vi.advanceTimersByTime(6_000)
    expect(statuses.at(-1)!.state).toBe('lost')
    expect(lines[0]!.closed).toBe(true)
  })

  test('is noticed sooner where the server says how often it speaks', () => {
    const { line, statuses } = start({ silenceMs: 45_000 })
    line().say({ type: 'hello', serverTime: 0, node: 'node-1', pingMs: 4_000 })
    vi.advanceTimersByTime(9_000)
    line().say({ type: 'ping', serverTime: 0 })
    vi.advanceTimersByTime(9_000)
    expect(statuses.at(-1)).toEqual({ state: 'live' })
    vi.advanceTimersByTime(1_500)
    expect(statuses.at(-1)!.state).toBe('lost')
  })

  test('because the sign-in has ended is not tried again', () => {
    const { lines, line, live } = start()
    line().hello()
    line().lose(CLOSE_UNAUTHENTICATED)
    vi.advanceTimersByTime(60_000)
    expect(lines).toHaveLength(1)
    expect(live.status()).toEqual({ state: 'signedOut' })
  })

  test('by closing the client stays closed', () => {
    const { lines, line, live } = start()
    line().hello()
    line().lose()
    live.close()
    vi.advanceTimersByTime(60_000)
    expect(lines).toHaveLength(1)
  })
})

test('a page that is hidden pauses, and so does whoever asks for it; both must be over', () => {
  let turned = () => {}
  const page: LivePage & { hidden: boolean } = {
    hidden: false,
    addEventListener: (_, listener) => void (turned = listener),
    removeEventListener: () => undefined,
  }
  const { live, line, statuses } = start({ page })
  line().hello()
  page.hidden = true
  turned()
  expect(line().sent.at(-1)).toEqual({ type: 'pause' })
  expect(statuses.at(-1)).toEqual({ state: 'paused' })
  live.pause()
  page.hidden = false
  turned()
  expect(line().sent.at(-1)).toEqual({ type: 'pause' })
  live.resume()
  expect(line().sent.at(-1)).toEqual({ type: 'resume' })
  expect(statuses.at(-1)).toEqual({ state: 'live' })
})

test('the clock is that of the server', () => {
  const { live, line } = start()
  line().hello()
  vi.advanceTimersByTime(500)
  expect(live.serverTime()).toBe(1_000_500)
})

test('a log forgets its oldest lines', () => {
  const { live, line } = start()
  const watcher = watching()
  live.watch({ kind: 'log', tenant: 'shop', instance: 1 }, watcher)
  line().hello()
  const lines = (from: number, count: number) => Array.from({ length: count }, (_, n) => ({ id: from + n }))
  line().say(snapshot(1, 1_001, ...lines(1, 1_000)))
  for (let n = 1; n < 7; n++) line().say(changes(1, 1, { upserts: lines(n * 1_000 + 1, 1_000) }))
  const { items } = watcher.onView.mock.lastCall![0]
  expect([items.length, items[0].id, items.at(-1).id]).toEqual([5_000, 2_001, 7_000])
})
