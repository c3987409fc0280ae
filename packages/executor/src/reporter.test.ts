import type { ReportItem } from '@carillon/contract'
import { describe, expect, it } from 'vitest'
import { defineHandler } from './define-handler.ts'
import { event, startExecutor, startServer } from './executor.test-helper.ts'
import { refusal, type ProtocolServer } from './protocol-server.test-helper.ts'

const echo = defineHandler({ name: 'echo', run: ({ params }) => params })
const give = (server: ProtocolServer, count: number) =>
  server.give(...Array.from({ length: count }, (_, index) => ({ handler: 'echo', params: index })))
const itemsOf = (server: ProtocolServer): ReportItem[] => server.callsOf('report').flatMap(({ items }) => items)

describe('Results', () => {
  it('survive a server that is away for a while', async () => {
    const server = await startServer()
    const gate = event()
    const started = event()
    const wait = defineHandler({
      name: 'wait',
      run: async () => {
        started.happen()
        await gate.happened
        return 'kept'
      },
    })
    const [assignment] = server.give({ handler: 'wait' })
    await startExecutor(server, { handlers: [wait] })
    await started.happened
    server.away = true
    gate.happen()
    await server.until(() => server.turnedAway >= 10)
    server.away = false
    await server.untilEnded(assignment!)
    expect(server.end(assignment!)).toMatchObject({ kind: 'SUCCESS', output: 'kept' })
  })

  it('are repeated when the answer to their report was lost, until the server says that it has them', async () => {
    const server = await startServer()
    server.loseAnswers('report', 2)
    const [assignment] = give(server, 1)
    const executor = await startExecutor(server, { handlers: [echo] })
    await server.until(() => server.callsOf('report').length === 3)
    await executor.drain()
    expect(itemsOf(server).map(({ kind, instance }) => [kind, instance])).toEqual(
      Array(3).fill(['SUCCESS', assignment!.instance]),
    )
  })

  it('that the server finds stale are not repeated', async () => {
    const server = await startServer()
    const gate = event()
    const started = event()
    const [assignment] = server.give({ handler: 'wait' })
    const wait = defineHandler({
      name: 'wait',
      run: () => {
        started.happen()
        return gate.happened
      },
    })
    const executor = await startExecutor(server, { handlers: [wait] })
    await started.happened
    server.takeAway(assignment!)
    gate.happen()
    await executor.drain()
    expect(itemsOf(server).filter(({ kind, instance }) => kind === 'SUCCESS' && instance === assignment!.instance)).toHaveLength(
      1,
    )
  })

  it('of 500 instances that end at once travel in few requests, without their starts', async () => {
    const server = await startServer()
    const assignments = give(server, 500)
    await startExecutor(server, { handlers: [echo], capacity: 500, tuning: { reports: { startedMs: 5000 } } })
    await server.untilEnded(...assignments)
    // One, unless a slow machine starts them in more than one slice.
    expect(server.callsOf('report').length).toBeLessThan(10)
    expect(itemsOf(server).every(({ kind }) => kind === 'SUCCESS')).toBe(true)
  })

  it('that gather while a report is under way travel together in the next, one request at a time', async () => {
    const server = await startServer()
    const assignments = give(server, 300)
    await startExecutor(server, { handlers: [echo], capacity: 7 })
    await server.untilEnded(...assignments)
    expect(server.maxUnderWay.report).toBe(1)
    expect(server.callsOf('report').length).toBeLessThan(150)
  })

  it('are split by size, so that no request grows beyond about a megabyte', async () => {
    const server = await startServer()
    const big = defineHandler({ name: 'echo', run: () => 'x'.repeat(200_000) })
    const assignments = give(server, 20)
    await startExecutor(server, { handlers: [big], capacity: 20 })
    await server.untilEnded(...assignments)
    expect(Math.max(...server.callsOf('report').map((body) => JSON.stringify(body).length))).toBeLessThan(1_100_000)
  })

  it('keep to the number of items that the server allows', async () => {
    const server = await startServer({ limits: { resultBytes: 1000, logLineBytes: 1000, reportItems: 10, logLines: 10 } })
    const assignments = give(server, 95)
    await startExecutor(server, { handlers: [echo], capacity: 95 })
    await server.untilEnded(...assignments)
    expect(Math.max(...server.callsOf('report').map(({ items }) => items.length))).toBeLessThanOrEqual(10)
  })

  it.each(['TOO_LARGE', 'VALIDATION_FAILED'] as const)(
    'refused as a whole (%s) are halved: only the bad one fails, and says why',
    async (code) => {
      const server = await startServer()
      server.refuse = ({ name, body }) =>
        name === 'report' && body.items.some(({ output }: { output?: unknown }) => output === 42)
          ? refusal(code, 'the bad one')
          : undefined
      const assignments = give(server, 100)
      await startExecutor(server, { handlers: [echo], capacity: 100 })
      await server.untilEnded(...assignments)
      const failed = assignments.filter((assignment) => server.end(assignment).kind === 'FAILURE')
      expect(failed.map(({ params }) => params)).toEqual([42])
      expect(server.end(failed[0]!)).toMatchObject({
        retriable: false,
        error: { code: 'RESULT_REJECTED', message: expect.stringContaining('the bad one') },
      })
    },
  )

  it('that the server answers INVALID become a failure that says so', async () => {
    const server = await startServer()
    server.invalid = (item) => (item.kind === 'SUCCESS' && item.output === 1 ? 'no such output' : undefined)
    const assignments = give(server, 3)
    await startExecutor(server, { handlers: [echo] })
    await server.untilEnded(...assignments)
    expect(server.end(assignments[1]!).error).toMatchObject({
      code: 'RESULT_REJECTED',
      message: expect.stringContaining('no such output'),
    })
  })

  it('that are refused even as a failure are given up with an error that people see', async () => {
    const server = await startServer()
    server.invalid = (item) => (item.instance === 1 ? 'never' : undefined)
    const warned: string[] = []
    const assignments = give(server, 2)
    const log = { info: () => {}, warn: (message: string) => void warned.push(message), error: () => {} }
    const executor = await startExecutor(server, { handlers: [echo], log })
    await server.untilEnded(assignments[1]!)
    await executor.drain()
    expect(warned).toEqual([expect.stringContaining('SUCCESS of instance 1'), expect.stringContaining('FAILURE of instance 1')])
  })
})

describe('A start', () => {
  it('is reported when the instance runs on', async () => {
    const server = await startServer()
    const gate = event()
    const [assignment] = server.give({ handler: 'wait' })
    await startExecutor(server, { handlers: [defineHandler({ name: 'wait', run: () => gate.happened })] })
    await server.until(() => server.row(assignment!).started)
    gate.happen()
    await server.untilEnded(assignment!)
    expect(itemsOf(server).map(({ kind }) => kind)).toEqual(['STARTED', 'SUCCESS'])
  })
})

describe('Progress', () => {
  it('is reported in order between start and end, and only the latest of what gathered', async () => {
    const server = await startServer()
    const gate = event()
    const [assignment] = server.give({ handler: 'wait' })
    const wait = defineHandler({
      name: 'wait',
      run: async ({ progress }) => {
        for (let percent = 0; percent <= 60; percent++) progress(percent, `at ${percent}`)
        await gate.happened
        progress(1000)
        progress(Number.NaN)
        progress(99.6)
      },
    })
    await startExecutor(server, { handlers: [wait] })
    await server.until(() => itemsOf(server).some(({ kind }) => kind === 'PROGRESS'))
    gate.happen()
    await server.untilEnded(assignment!)
    const { tenant, instance, token } = assignment!
    expect(itemsOf(server)).toEqual([
      { kind: 'STARTED', tenant, instance, token },
      { kind: 'PROGRESS', tenant, instance, token, percent: 60, message: 'at 60' },
      { kind: 'PROGRESS', tenant, instance, token, percent: 100 },
      { kind: 'SUCCESS', tenant, instance, token, durationMs: expect.any(Number) },
    ])
  })
})

describe('What is said of an instance', () => {
  it('names the tenant of its assignment, so that an executor of a shared app is understood', async () => {
    const server = await startServer({ heartbeatMs: 5 })
    const gate = event()
    const [assignment] = server.give({ handler: 'wait', tenant: 7 })
    const wait = defineHandler({
      name: 'wait',
      run: ({ log }) => {
        log.info('waits')
        return gate.happened
      },
    })
    await startExecutor(server, { handlers: [wait] })
    await server.until(() => server.callsOf('heartbeat').some(({ running }) => running.length > 0))
    gate.happen()
    await server.untilEnded(assignment!)
    const held = server.callsOf('heartbeat').flatMap(({ running }) => running)
    const logged = server.callsOf('logs').flatMap(({ items }) => items)
    for (const said of [held, logged, itemsOf(server)]) {
      expect(said.length).toBeGreaterThan(0)
      for (const item of said) expect(item).toMatchObject({ tenant: 7, instance: assignment!.instance, token: 1 })
    }
  })
})
