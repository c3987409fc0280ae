import type { LogLine } from '@carillon/contract'
import { describe, expect, it } from 'vitest'
import type { HandlerContext } from './context.ts'
import { defineHandler } from './define-handler.ts'
import { event, startExecutor, startServer } from './executor.test-helper.ts'
import { refusal, type ProtocolServer } from './protocol-server.test-helper.ts'

const logging = (run: (context: HandlerContext) => unknown) => defineHandler({ name: 'log', run })
const hundred = logging(({ log }) => {
  for (let line = 1; line <= 100; line++) log.info(`line ${line}`)
})
const textsOf = (lines: readonly LogLine[]) => lines.map(({ text }) => text)

/** Where in the server's calls the end of an instance stands, and where the last of its lines. */
function orderOf(server: ProtocolServer, instance: number) {
  const says = (name: string, test: (item: any) => boolean) =>
    server.calls.findLastIndex(
      (call) => call.name === name && call.body.items.some((item: any) => item.instance === instance && test(item)),
    )
  return { lastLine: says('logs', () => true), end: says('report', ({ kind }) => kind === 'SUCCESS' || kind === 'FAILURE') }
}

describe('Log lines', () => {
  it('carry level, source and what came with the message, numbered from 1', async () => {
    const server = await startServer()
    const [assignment] = server.give({ handler: 'log' })
    const handler = logging(({ log }) => {
      log.debug('one', { rows: 3 })
      log.info('two', 4n)
      log.warn('three', new Error('boom'))
      log.error('four')
      log.write('INFO', 'five', 'stdout')
    })
    await startExecutor(server, { handlers: [handler] })
    await server.untilEnded(assignment!)
    expect(server.row(assignment!).log).toEqual([
      { seq: 1, at: expect.any(Number), level: 'DEBUG', source: 'handler', text: 'one {"rows":3}' },
      { seq: 2, at: expect.any(Number), level: 'INFO', source: 'handler', text: 'two "4"' },
      { seq: 3, at: expect.any(Number), level: 'WARN', source: 'handler', text: expect.stringMatching(/^three Error: boom\n/) },
      { seq: 4, at: expect.any(Number), level: 'ERROR', source: 'handler', text: 'four' },
      { seq: 5, at: expect.any(Number), level: 'INFO', source: 'stdout', text: 'five' },
    ])
  })

  it('are stored before the end of their attempt is reported', async () => {
    const server = await startServer()
    const assignments = server.give(...Array.from({ length: 20 }, () => ({ handler: 'log' })))
    await startExecutor(server, { handlers: [hundred], capacity: 20 })
    await server.untilEnded(...assignments)
    for (const assignment of assignments) {
      const { lastLine, end } = orderOf(server, assignment.instance)
      expect(server.row(assignment).log).toHaveLength(100)
      expect(lastLine).toBeLessThan(end)
    }
  })

  it('of many attempts travel together', async () => {
    const server = await startServer()
    const assignments = server.give(...Array.from({ length: 40 }, () => ({ handler: 'log' })))
    await startExecutor(server, { handlers: [hundred], capacity: 40 })
    await server.untilEnded(...assignments)
    expect(server.callsOf('logs').length).toBeLessThanOrEqual(3)
    expect(server.maxUnderWay.logs).toBe(1)
  })

  it('arrive while the handler runs', async () => {
    const server = await startServer()
    const gate = event()
    const [assignment] = server.give({ handler: 'log' })
    const handler = logging(({ log }) => {
      log.info('begun')
      return gate.happened
    })
    await startExecutor(server, { handlers: [handler] })
    await server.until(() => server.row(assignment!).log.length === 1)
    expect(server.end(assignment!)).toBeNull()
    gate.happen()
    await server.untilEnded(assignment!)
  })

  it('whose acknowledgement was lost are sent again under the same numbers', async () => {
    const server = await startServer()
    server.loseAnswers('logs', 2)
    const [assignment] = server.give({ handler: 'log' })
    await startExecutor(server, { handlers: [hundred] })
    await server.untilEnded(assignment!)
    const requests = server.callsOf('logs').map(({ items }) => items)
    expect(requests).toHaveLength(3)
    expect(requests[1]).toEqual(requests[0])
    expect(server.row(assignment!).log.map(({ seq }) => seq)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1))
  })

  it('that the server answers without acknowledging are sent again', async () => {
    const server = await startServer()
    server.withholdAcks(3)
    const [assignment] = server.give({ handler: 'log' })
    await startExecutor(server, { handlers: [hundred] })
    await server.untilEnded(assignment!)
    expect(server.callsOf('logs')).toHaveLength(4)
  })

  it('hold up the end of their attempt only so long', async () => {
    const server = await startServer()
    server.refuse = ({ name }) => (name === 'logs' ? refusal('RATE_LIMITED') : undefined)
    const [assignment] = server.give({ handler: 'log' })
    await startExecutor(server, { handlers: [hundred], tuning: { logs: { flushMs: 20 } } })
    await server.untilEnded(assignment!)
    expect(server.row(assignment!).log).toEqual([])
  })

  it('that the server cannot take give way to a note, and take no other line with them', async () => {
    const server = await startServer()
    server.refuse = ({ name, body }) =>
      name === 'logs' && JSON.stringify(body).includes('"line 37"') ? refusal('VALIDATION_FAILED', 'not 37') : undefined
    const assignments = server.give({ handler: 'log' }, { handler: 'log' })
    await startExecutor(server, { handlers: [hundred] })
    await server.untilEnded(...assignments)
    const texts = textsOf(server.row(assignments[0]!).log)
    expect(texts).toHaveLength(100)
    expect(texts[36]).toContain('… 1 line refused by the server: VALIDATION_FAILED: not 37')
    expect(texts.filter((text) => text.startsWith('line '))).toHaveLength(99)
  })

  it('are cut to the length that the server allows, between whole characters', async () => {
    const server = await startServer({ limits: { resultBytes: 1000, logLineBytes: 50, reportItems: 1000, logLines: 1000 } })
    const [assignment] = server.give({ handler: 'log' })
    await startExecutor(server, { handlers: [logging(({ log }) => log.info('编钟'.repeat(1000)))] })
    await server.untilEnded(assignment!)
    const [line] = server.row(assignment!).log
    expect(line!.text).toMatch(/^(编钟)+编? … \(cut\)$/)
    expect(Buffer.byteLength(line!.text)).toBeLessThanOrEqual(50)
  })

  it('beyond the memory of an attempt are dropped, DEBUG first, and a mark says how many', async () => {
    const server = await startServer()
    const [assignment] = server.give({ handler: 'log' })
    const handler = logging(({ log }) => {
      for (let line = 0; line < 30; line++) log.debug('detail')
      for (let line = 0; line < 100; line++) log.info('news')
    })
    // A line of four letters weighs 108, one of six 112.
    await startExecutor(server, { handlers: [handler], tuning: { logs: { attemptBytes: 5400 } } })
    await server.untilEnded(assignment!)
    const texts = textsOf(server.row(assignment!).log)
    expect(texts).toEqual([...Array(50).fill('news'), '… 80 lines dropped: more was logged than could be sent'])
  })

  it('of all attempts together stay within their memory', async () => {
    const server = await startServer()
    const assignments = server.give(...Array.from({ length: 10 }, () => ({ handler: 'log' })))
    await startExecutor(server, { handlers: [hundred], tuning: { logs: { totalBytes: 50_000 } } })
    await server.untilEnded(...assignments)
    const texts = assignments.flatMap((assignment) => textsOf(server.row(assignment).log))
    const kept = texts.filter((text) => text.startsWith('line')).length
    const dropped = texts.reduce((sum, text) => sum + Number(/^… (\d+) lines dropped/.exec(text)?.[1] ?? 0), 0)
    expect(kept).toBeLessThan(500)
    expect(kept + dropped).toBe(1000)
  })

  it('written after the handler has ended are not taken', async () => {
    const server = await startServer()
    let late = () => {}
    const [first, second] = server.give({ handler: 'log' }, { handler: 'log' })
    const handler = logging(({ log, instance }) => {
      if (instance === first!.instance) late = () => log.info('late')
      else late()
    })
    await startExecutor(server, { handlers: [handler], capacity: 1 })
    await server.untilEnded(first!, second!)
    expect(server.callsOf('logs')).toEqual([])
  })
})
