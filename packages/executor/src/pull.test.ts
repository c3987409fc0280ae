import { describe, expect, it } from 'vitest'
import { defineHandler } from './define-handler.ts'
import { event, executorOf, startExecutor, startServer } from './executor.test-helper.ts'
import { refusal } from './protocol-server.test-helper.ts'

const echo = defineHandler({ name: 'echo', run: ({ params }) => params })

describe('A pull executor', () => {
  it('registers, claims, runs a handler and reports what it returned', async () => {
    const server = await startServer()
    const [assignment] = server.give({ handler: 'echo', params: { hello: 'world' } })
    await startExecutor(server, { handlers: [echo], capacity: 3, labels: { zone: 'a' } })
    await server.untilEnded(assignment!)
    expect(server.end(assignment!)).toMatchObject({ kind: 'SUCCESS', output: { hello: 'world' } })
    expect(server.registrations[0]).toMatchObject({
      app: 'test',
      mode: 'PULL',
      handlers: ['echo'],
      capacity: 3,
      labels: { zone: 'a' },
    })
  })

  it('runs an assignment once although the answer to its claim was lost and brings it again', async () => {
    const server = await startServer()
    let runs = 0
    server.loseAnswers('claim', 2)
    const assignments = server.give({ handler: 'count' }, { handler: 'count' })
    await startExecutor(server, { handlers: [defineHandler({ name: 'count', run: () => void (runs += 1) })] })
    await server.untilEnded(...assignments)
    expect(runs).toBe(2)
    expect(
      server
        .callsOf('claim')
        .slice(0, 3)
        .map(({ seq }) => seq),
    ).toEqual([1, 1, 1])
  })

  it('counts an answered claim, and only an answered one', async () => {
    const server = await startServer()
    await startExecutor(server, { handlers: [echo] })
    for (let round = 1; round <= 3; round++) {
      const [assignment] = server.give({ handler: 'echo' })
      await server.untilEnded(assignment!)
    }
    await server.until(() => server.callsOf('claim').length === 4)
    expect(server.callsOf('claim').map(({ seq }) => seq)).toEqual([1, 2, 3, 4])
  })

  it('never runs more than its capacity', async () => {
    const server = await startServer()
    let running = 0
    let most = 0
    const slow = defineHandler({
      name: 'slow',
      run: async () => {
        most = Math.max(most, ++running)
        await new Promise((resolve) => setImmediate(resolve))
        running -= 1
      },
    })
    const assignments = server.give(...Array.from({ length: 50 }, () => ({ handler: 'slow' })))
    await startExecutor(server, { handlers: [slow], capacity: 4 })
    await server.untilEnded(...assignments)
    expect(most).toBe(4)
    expect(Math.max(...server.callsOf('claim').map(({ max }) => max))).toBe(4)
  })

  it('hears of a cancel while every place is taken', async () => {
    const server = await startServer()
    const [assignment] = server.give({ handler: 'wait' })
    const started = event()
    const wait = defineHandler({
      name: 'wait',
      run: ({ signal }) => {
        started.happen()
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      },
    })
    await startExecutor(server, { handlers: [wait], capacity: 1 })
    await started.happened
    await server.until(() => server.callsOf('claim').some(({ max }) => max === 0))
    server.stop(assignment!, 'CANCEL')
    await server.untilEnded(assignment!)
    expect(server.end(assignment!)).toMatchObject({ kind: 'FAILURE', error: { code: 'CANCEL' } })
  })

  it('claims for a place as soon as it is free, although a claim for control alone is under way', async () => {
    const server = await startServer()
    const [first] = server.give({ handler: 'gate' })
    const gate = event()
    await startExecutor(server, {
      handlers: [defineHandler({ name: 'gate', run: () => gate.happened }), echo],
      capacity: 1,
      tuning: { pull: { waitMs: 60_000 } },
    })
    await server.until(() => server.callsOf('claim').some(({ max }) => max === 0))
    const [second] = server.give({ handler: 'echo' })
    gate.happen()
    await server.untilEnded(first!, second!)
    expect(server.maxUnderWay.claim).toBeLessThanOrEqual(2)
  })

  it('goes on under the same session when a server that was away comes back', async () => {
    const server = await startServer({ heartbeatMs: 5 })
    const said: string[] = []
    const say = (message: string) => void said.push(message)
    const executor = await startExecutor(server, { handlers: [echo], log: { info: say, warn: say, error: say } })
    const { session } = executor.stats
    server.away = true
    await server.until(() => server.turnedAway >= 3)
    server.away = false
    const [assignment] = server.give({ handler: 'echo' })
    await server.untilEnded(assignment!)
    expect(executor.stats.session).toBe(session)
    expect(server.registrations).toHaveLength(1)
    expect(said).toEqual([expect.stringContaining('does not answer'), 'The server answers again'])
  })

  it('waits at its start for a server that is away', async () => {
    const server = await startServer()
    server.away = true
    const executor = executorOf(server, { handlers: [echo] })
    const starting = executor.start()
    await server.until(() => server.turnedAway >= 3)
    server.away = false
    await starting
    expect(executor.stats.state).toBe('ONLINE')
  })

  it('refuses to start with a token that is not let in, and says so', async () => {
    const server = await startServer()
    const executor = executorOf(server, { handlers: [echo], token: 'wrong' })
    await expect(executor.start()).rejects.toMatchObject({ code: 'UNAUTHENTICATED', message: 'no such token' })
  })

  it('registers anew when its session has ended; what ran is aborted as LOST and its result is kept back', async () => {
    const server = await startServer()
    const [lost] = server.give({ handler: 'wait' })
    const started = event()
    const reason = event<unknown>()
    const wait = defineHandler({
      name: 'wait',
      run: async ({ signal }) => {
        started.happen()
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        reason.happen(signal.reason.code)
        return 'too late'
      },
    })
    const executor = await startExecutor(server, { handlers: [wait, echo], capacity: 2 })
    await started.happened
    server.endSession()
    expect(await reason.happened).toBe('LOST')
    const [next] = server.give({ handler: 'echo' })
    await server.untilEnded(next!)
    expect(server.registrations.map(({ previous }) => previous)).toEqual([undefined, 1])
    expect(
      server
        .callsOf('report')
        .flatMap(({ items }) => items)
        .filter(({ instance, kind }) => instance === lost!.instance && kind === 'SUCCESS'),
    ).toEqual([])
    expect(executor.stats.lost).toBe(1)
  })

  it('aborts what a heartbeat says is lost, and leaves the rest alone', async () => {
    const server = await startServer({ heartbeatMs: 10 })
    const [lost, kept] = server.give({ handler: 'wait' }, { handler: 'wait' })
    const reasons = new Map<number, string>()
    const gate = event()
    const wait = defineHandler({
      name: 'wait',
      run: ({ instance, signal }) => {
        signal.addEventListener('abort', () => reasons.set(instance, signal.reason.code))
        return gate.happened
      },
    })
    const executor = await startExecutor(server, { handlers: [wait] })
    await server.until(() => server.callsOf('heartbeat').some(({ running }) => running.length === 2))
    server.takeAway(lost!)
    await server.until(() => server.callsOf('heartbeat').at(-1).running.length === 1)
    gate.happen()
    await server.untilEnded(kept!)
    await executor.drain()
    expect([...reasons]).toEqual([[lost!.instance, 'LOST']])
    const ends = server.callsOf('report').flatMap(({ items }) => items.filter(({ kind }: { kind: string }) => kind === 'SUCCESS'))
    expect(ends.map(({ instance }) => instance)).toEqual([kept!.instance])
    expect(executor.stats).toMatchObject({ lost: 1, succeeded: 1, running: 0, held: 0 })
  })

  it('fails an instance whose handler it does not have, naming those it has', async () => {
    const server = await startServer()
    const [assignment] = server.give({ handler: 'nope' })
    await startExecutor(server, { handlers: [echo] })
    await server.untilEnded(assignment!)
    expect(server.end(assignment!).error).toMatchObject({
      code: 'HANDLER_UNKNOWN',
      message: expect.stringContaining('it has: echo'),
    })
  })

  it('keeps asking when a claim is refused', async () => {
    const server = await startServer()
    let refusals = 3
    server.refuse = ({ name }) => (name === 'claim' && refusals-- > 0 ? refusal('RATE_LIMITED') : undefined)
    const [assignment] = server.give({ handler: 'echo' })
    await startExecutor(server, { handlers: [echo] })
    await server.untilEnded(assignment!)
    expect(refusals).toBeLessThan(0)
  })
})
