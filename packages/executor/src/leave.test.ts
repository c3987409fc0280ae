import type { ReportItem } from '@carillon/contract'
import { describe, expect, it } from 'vitest'
import { defineHandler } from './define-handler.ts'
import { event, executorOf, quiet, startExecutor, startServer } from './executor.test-helper.ts'
import { refusal, type ProtocolServer } from './protocol-server.test-helper.ts'

const echo = defineHandler({ name: 'echo', run: ({ params }) => params })
const itemsOf = (server: ProtocolServer): ReportItem[] => server.callsOf('report').flatMap(({ items }) => items)

/** A handler that says when it runs and ends when it is let, or fails with the reason when it is aborted. */
function gated() {
  const started = event()
  const gate = event<unknown>()
  const handler = defineHandler({
    name: 'wait',
    run: ({ signal }) => {
      started.happen()
      return new Promise((resolve, reject) => {
        void gate.happened.then(resolve)
        signal.addEventListener('abort', () => reject(signal.reason))
      })
    },
  })
  return { handler, started: started.happened, open: gate.happen }
}

describe('Draining', () => {
  it('lets running handlers end, reports them, and deregisters last', async () => {
    const server = await startServer()
    const { handler, started, open } = gated()
    const [assignment] = server.give({ handler: 'wait' })
    const executor = await startExecutor(server, { handlers: [handler] })
    await started
    const drained = executor.drain()
    expect(executor.stats.state).toBe('DRAINING')
    open('done')
    await drained
    expect(server.end(assignment!)).toMatchObject({ kind: 'SUCCESS', output: 'done' })
    expect(server.calls.at(-1)!.name).toBe('deregister')
    expect(executor.stats).toMatchObject({ state: 'STOPPED', session: null, running: 0, held: 0 })
  })

  it('hands back what the server gave in answer to a claim that was broken off', async () => {
    const server = await startServer()
    const executor = await startExecutor(server, { handlers: [echo] })
    const [earlier] = server.give({ handler: 'echo' })
    await server.untilEnded(earlier!)
    await server.until(() => server.callsOf('claim').length === 2)
    const assignments = server.give({ handler: 'echo' }, { handler: 'echo' })
    await executor.drain()
    expect(assignments.map((assignment) => server.end(assignment)?.kind)).toEqual(['RELEASE', 'RELEASE'])
    expect(server.callsOf('claim').slice(1, 3)).toMatchObject([
      { seq: 2, max: 10 },
      { seq: 2, max: 0 },
    ])
  })

  it('hands back what was accepted but has not started', async () => {
    const server = await startServer()
    const assignments = server.give(...Array.from({ length: 3 }, () => ({ handler: 'busy' })))
    let drained: Promise<void> | undefined
    // It holds the event loop for longer than one slice of starts.
    const busy = defineHandler({
      name: 'busy',
      run: () => {
        const until = performance.now() + 30
        while (performance.now() < until);
        drained = executor.drain()
      },
    })
    const executor = executorOf(server, { handlers: [busy] })
    await executor.start()
    await server.untilEnded(...assignments)
    await drained
    expect(assignments.map((assignment) => server.end(assignment).kind)).toEqual(['SUCCESS', 'RELEASE', 'RELEASE'])
    expect(executor.stats).toMatchObject({ released: 2, succeeded: 1 })
  })

  it('still hears of a cancel', async () => {
    const server = await startServer()
    const { handler, started } = gated()
    const [assignment] = server.give({ handler: 'wait' })
    const executor = await startExecutor(server, { handlers: [handler] })
    await started
    const drained = executor.drain()
    await server.until(() => server.callsOf('claim').at(-1).max === 0)
    server.stop(assignment!, 'REPLACED')
    await drained
    expect(server.end(assignment!)).toMatchObject({ kind: 'FAILURE', error: { code: 'REPLACED' } })
  })

  it('aborts handlers with SHUTDOWN when its time is over, and reports how they ended', async () => {
    const server = await startServer()
    const { handler, started } = gated()
    const [assignment] = server.give({ handler: 'wait' })
    const executor = await startExecutor(server, { handlers: [handler], drainMs: 10 })
    await started
    await executor.drain()
    expect(server.end(assignment!)).toMatchObject({ kind: 'FAILURE', error: { code: 'SHUTDOWN' } })
  })

  it('leaves a handler behind that does not end when it is aborted; the server hears nothing of it', async () => {
    const server = await startServer()
    const [assignment] = server.give({ handler: 'deaf' })
    const started = event()
    const deaf = defineHandler({
      name: 'deaf',
      run: () => {
        started.happen()
        return new Promise(() => {})
      },
    })
    const executor = await startExecutor(server, { handlers: [deaf], drainMs: 10 })
    await started.happened
    await executor.drain()
    expect(server.calls.at(-1)!.name).toBe('deregister')
    expect(server.end(assignment!)).toBeNull()
  })

  it('reports a result that is finished while the server is away, before it deregisters', async () => {
    const server = await startServer()
    const { handler, started, open } = gated()
    const [assignment] = server.give({ handler: 'wait' })
    const executor = await startExecutor(server, { handlers: [handler], flushMs: 5000 })
    await started
    server.away = true
    open('kept')
    const drained = executor.drain()
    await server.until(() => server.turnedAway >= 5)
    server.away = false
    await drained
    expect(itemsOf(server).filter(({ instance, kind }) => instance === assignment!.instance && kind === 'SUCCESS')).toHaveLength(
      1,
    )
    expect(server.calls.at(-1)!.name).toBe('deregister')
  })

  it('says once what it waits for and until when, while the server is away', async () => {
    const server = await startServer()
    const { handler, started, open } = gated()
    server.give({ handler: 'wait' })
    const said: string[] = []
    const waitingForHandlers = event()
    const info = (line: string) => {
      said.push(line)
      waitingForHandlers.happen()
    }
    const executor = await startExecutor(server, {
      handlers: [handler],
      flushMs: 100,
      log: { ...quiet, info },
      tuning: { noticeMs: 0 },
    })
    await started
    server.away = true
    const drained = executor.drain()
    await waitingForHandlers.happened
    open('kept')
    await drained
    expect(said).toEqual([
      expect.stringMatching(/^Leaving waits until .*Z at the latest for handlers to end \(1 running\)/),
      expect.stringMatching(/^Leaving waits until .*Z at the latest for the server to take results \(1 unreported\)/),
    ])
  })

  it('says nothing of what takes no longer than a moment', async () => {
    const server = await startServer()
    const said: string[] = []
    const log = { ...quiet, info: (line: string) => void said.push(line) }
    const executor = await startExecutor(server, { handlers: [echo], log })
    await executor.drain()
    expect(said).toEqual([])
  })

  it('asked for twice is one', async () => {
    const server = await startServer()
    const executor = await startExecutor(server, { handlers: [echo] })
    await Promise.all([executor.drain(), executor.drain(), executor.stop()])
    expect(server.callsOf('deregister')).toHaveLength(1)
  })
})

describe('Stopping', () => {
  it('aborts running handlers at once, also while a drain waits for them', async () => {
    const server = await startServer()
    const { handler, started } = gated()
    const [assignment] = server.give({ handler: 'wait' })
    const executor = await startExecutor(server, { handlers: [handler], drainMs: 60_000 })
    await started
    const drained = executor.drain()
    await executor.stop()
    await drained
    expect(server.end(assignment!)).toMatchObject({ kind: 'FAILURE', error: { code: 'SHUTDOWN' } })
  })

  it('ends a start that waits for a server that is away', async () => {
    const server = await startServer()
    server.away = true
    const executor = executorOf(server, { handlers: [echo] })
    const starting = executor.start()
    await server.until(() => server.turnedAway >= 2)
    await executor.stop()
    await starting
    expect(executor.stats.state).toBe('STOPPED')
  })
})

describe('A stop that the server asks for', () => {
  it.each(['CANCEL', 'TIMEOUT', 'REPLACED'] as const)('reaches the handler as the reason of its signal: %s', async (reason) => {
    const server = await startServer({ heartbeatMs: 5 })
    const { handler, started } = gated()
    const [assignment] = server.give({ handler: 'wait' })
    await startExecutor(server, { handlers: [handler] })
    await started
    server.stop(assignment!, reason)
    await server.untilEnded(assignment!)
    expect(server.end(assignment!)).toMatchObject({ kind: 'FAILURE', error: { code: reason } })
  })

  it('that comes after the handler has ended changes nothing', async () => {
    const server = await startServer()
    const { handler, started, open } = gated()
    const [assignment] = server.give({ handler: 'wait' })
    let away = true
    server.refuse = ({ name }) => (name === 'report' && away ? refusal('UNAVAILABLE') : undefined)
    const executor = await startExecutor(server, { handlers: [handler, echo] })
    await started
    open('in time')
    const [next] = server.give({ handler: 'echo' })
    server.stop(assignment!, 'CANCEL')
    await server.until(() => server.callsOf('claim').length >= 3)
    away = false
    await server.untilEnded(assignment!, next!)
    expect(server.end(assignment!)).toMatchObject({ kind: 'SUCCESS', output: 'in time' })
    expect(executor.stats.failed).toBe(0)
  })

  it('for a token that it does not hold changes nothing', async () => {
    const server = await startServer()
    const { handler, started, open } = gated()
    const [assignment] = server.give({ handler: 'wait', token: 7 })
    const executor = await startExecutor(server, { handlers: [handler] })
    await started
    server.rows.push({ ...server.row(assignment!), assignment: { ...assignment!, token: 6 } })
    server.stop({ instance: assignment!.instance, token: 6 }, 'CANCEL')
    await server.until(() => server.callsOf('claim').length >= 3)
    open('done')
    await server.untilEnded(assignment!)
    expect(server.end(assignment!).kind).toBe('SUCCESS')
    expect(executor.stats.failed).toBe(0)
  })
})

describe('A time-out', () => {
  it('aborts the handler locally and is shown as its deadline', async () => {
    const server = await startServer()
    const deadline = event<number | null>()
    const slow = defineHandler({
      name: 'slow',
      run: ({ signal, deadline: at }) => {
        deadline.happen(at)
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      },
    })
    const [assignment] = server.give({ handler: 'slow', timeoutMs: 20 })
    const before = Date.now()
    await startExecutor(server, { handlers: [slow] })
    await server.untilEnded(assignment!)
    expect(server.end(assignment!)).toMatchObject({ kind: 'FAILURE', error: { code: 'TIMEOUT' } })
    expect((await deadline.happened)! - before).toBeGreaterThanOrEqual(20)
  })
})
