import type { DagDefinition } from '@carillon/core'
import Type from 'typebox'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { defineDag, expr, secret } from '../dag/index.ts'
import { defineHandler } from '../define-handler.ts'
import { FatalError } from '../fatal-error.ts'
import { runDag } from './index.ts'

const DAY = Date.UTC(2024, 1, 29)

const extract = defineHandler({
  name: 'orders.extract',
  params: Type.Object({ day: Type.String(), key: Type.Optional(Type.String()) }),
  run: ({ params, log }) => {
    log.info(`extracting ${params.day}`)
    return { parts: params.day === 'empty' ? [] : [1, 2, 3], key: params.key ?? null }
  },
})
const load = defineHandler({
  name: 'orders.load',
  params: Type.Object({ part: Type.Integer() }),
  run: async ({ params, shard, idempotencyKey }) => {
    await Promise.resolve()
    return { loaded: params.part, shard, idempotencyKey }
  },
})

const pipeline = defineDag('pipeline', { params: { day: 'today' }, output: expr('nodes.sum.output') })
  .node('extract', { task: 'extract', handler: extract, params: { day: expr('params.day'), key: secret('api-key') } })
  .node('load', {
    task: 'load',
    handler: load,
    after: { extract: 'size(output.parts) > 0' },
    forEach: { items: 'nodes.extract.output.parts', maxParallel: 2 },
    params: { part: expr('item') },
  })
  .node('sum', { task: 'sum', after: 'load', params: { parts: expr('nodes.load.output.map(x, x.loaded)') } })

const sum = ({ params }: { params: unknown }) => (params as { parts: number[] }).parts.reduce((a, b) => a + b, 0)
const secrets = { 'api-key': 's3cret' }

describe('runDag', () => {
  test('runs the real handlers, each with its parameters, and tells state, params, output and times of every node', async () => {
    const result = await runDag(pipeline, {
      params: { day: '2024-02-29' },
      run: { fireAt: DAY },
      secrets,
      tasks: { extract: { takesMs: 1_000 }, load: { takesMs: 10_000 }, sum },
    })
    expect(result).toMatchObject({ state: 'SUCCESS', output: 6, startedAt: DAY, endedAt: DAY + 21_000 })
    expect(result.nodes.map(({ code, state, startedAt, endedAt }) => [code, state, startedAt! - DAY, endedAt - DAY])).toEqual([
      ['extract', 'SUCCESS', 0, 1_000],
      ['load', 'SUCCESS', 1_000, 21_000],
      ['sum', 'SUCCESS', 21_000, 21_000],
    ])
    // What a run keeps is the reference; the handler was given the value.
    expect(result.node('extract')).toMatchObject({
      params: { day: '2024-02-29', key: { $secret: 'api-key' } },
      output: { key: 's3cret' },
    })
    expect(result.node('load').instances.map(({ output, startedAt }) => [output, startedAt! - DAY])).toMatchObject([
      [{ loaded: 1, shard: { index: 0, total: 3 } }, 1_000],
      [{ loaded: 2, shard: { index: 1, total: 3 } }, 1_000],
      [{ loaded: 3, shard: { index: 2, total: 3 } }, 11_000],
    ])
    expect(result.logs).toMatchObject([{ path: 'extract', attempt: 1, at: DAY, level: 'INFO', text: 'extracting 2024-02-29' }])
  })

  test('goes the way that the outputs decide', async () => {
    const result = await runDag(pipeline, { params: { day: 'empty' }, secrets, tasks: { sum } })
    expect(result.nodes.map(({ code, state, skippedBecause }) => [code, state, skippedBecause])).toEqual([
      ['extract', 'SUCCESS', null],
      ['load', 'SKIPPED', 'CONDITION'],
      ['sum', 'SKIPPED', 'CONDITION'],
    ])
    expect(result).toMatchObject({ state: 'SUCCESS', output: null })
  })

  test('fails a node whose parameters do not fit its handler, without a retry', async () => {
    const result = await runDag(pipeline, { params: { day: 7 }, secrets, tasks: { sum } })
    expect(result.node('extract')).toMatchObject({
      state: 'FAILED',
      error: { code: 'PARAMS_INVALID' },
      instances: [{ attempts: 1 }],
    })
    expect(result.state).toBe('FAILED')
  })
})

describe('an attempt that fails', () => {
  const alone = (more: object = {}): DagDefinition => ({ nodes: [{ code: 'a', task: 'a', ...more }], edges: [] })
  const retry = { maxRetries: 3, backoff: 'EXPONENTIAL', delayMs: 1_000 } as const

  test('is repeated after its pause, under the same idempotency key', async () => {
    const seen: unknown[] = []
    const result = await runDag(alone({ retry: { maxRetries: 2 } }), {
      tasks: {
        a: {
          retry,
          takesMs: 100,
          handler: ({ attempt, idempotencyKey, token }) => {
            seen.push([attempt, idempotencyKey, token])
            if (attempt < 3) throw Object.assign(new Error('busy'), { code: 'BUSY' })
            return 'done'
          },
        },
      },
    })
    expect(seen).toEqual([
      [1, 'test-1', 1],
      [2, 'test-1', 2],
      [3, 'test-1', 3],
    ])
    // Three attempts of 100 ms, pauses of 1 s and 2 s.
    expect(result.node('a')).toMatchObject({ state: 'SUCCESS', output: 'done', endedAt: 3_300, instances: [{ attempts: 3 }] })
  })
  test('is not repeated for ever, nor when it fails for good or with an error that is never retried', async () => {
    const attempts = async (thrown: Error, policy: object = {}) => {
      const fails = () => {
        throw thrown
      }
      const { instances, error } = (
        await runDag(alone(), { tasks: { a: { retry: { ...retry, ...policy }, handler: fails } } })
      ).node('a')
      return [instances[0]!.attempts, (error as { code: string }).code]
    }
    expect(await attempts(new Error('x'))).toEqual([4, 'FAILED'])
    expect(await attempts(new FatalError('x', { code: 'GONE' }))).toEqual([1, 'GONE'])
    expect(await attempts(Object.assign(new Error('x'), { code: 'NO' }), { neverOn: ['NO'] })).toEqual([1, 'NO'])
  })
  test('lets what happens meanwhile happen first', async () => {
    let ready = false
    const twoWays: DagDefinition = { nodes: [{ code: 'needs', task: 'needs' }, { code: 'pause', wait: { ms: 500 } }, { code: 'makes', task: 'makes' }], edges: [{ from: 'pause', to: 'makes' }] } // prettier-ignore
    const result = await runDag(twoWays, {
      tasks: {
        needs: {
          retry,
          handler: () => {
            if (!ready) throw new Error('not yet')
          },
        },
        makes: () => void (ready = true),
      },
    })
    expect(result.node('needs')).toMatchObject({ state: 'SUCCESS', endedAt: 1_000, instances: [{ attempts: 2 }] })
  })
  test('is one that takes longer than its time-out: its signal is aborted, and what it answers comes too late', async () => {
    const reasons: unknown[] = []
    const result = await runDag(
      alone({ timeoutMs: 2_000, retry: { maxRetries: 1, backoff: 'FIXED', delayMs: 500, jitter: 1 } }),
      {
        tasks: { a: { takesMs: 2_001, handler: ({ signal }) => reasons.push((signal.reason as { code: string }).code) } },
      },
    )
    expect(reasons).toEqual(['TIMEOUT', 'TIMEOUT'])
    expect(result.node('a')).toMatchObject({ state: 'TIMEOUT', output: null, error: { code: 'TIMEOUT' }, endedAt: 4_500 })
  })
})

describe('what waits', () => {
  const hour = 3_600_000
  const waiting = defineDag('waiting', { params: { order: 17 } })
    .node('pause', { wait: { ms: hour } })
    .node('morning', { wait: { until: '"2024-03-01T06:00:00Z"' }, after: 'pause' })
    .node('review', { approval: { prompt: 'Fine?', timeoutMs: 5 * hour }, after: 'morning' })
    .node('paid', { wait: { event: { name: 'paid', key: 'string(params.order)', timeoutMs: 100 * hour } }, after: 'review' })
    .node('ship', {
      task: 'ship',
      after: 'paid',
      params: { by: expr('nodes.review.output.by'), sum: expr('nodes.paid.output.sum') },
    })
  const start = { run: { fireAt: DAY }, tasks: { ship: () => 'shipped' } }

  test('makes the clock jump: time, a person and an event of the test', async () => {
    const asked: unknown[] = []
    const result = await runDag(waiting, {
      ...start,
      approvals: {
        review: async (asking) => {
          asked.push(asking)
          return { approve: true, by: 'operator', afterMs: 2 * hour }
        },
      },
      events: [
        { name: 'paid', key: '17', payload: { sum: 1 }, afterMs: hour },
        { name: 'paid', key: '18', payload: { sum: 2 }, afterMs: 50 * hour },
        { name: 'paid', key: '17', payload: { sum: 3 }, afterMs: 60 * hour },
      ],
    })
    expect(asked).toEqual([{ code: 'review', path: 'review', prompt: 'Fine?', at: DAY + 30 * hour }])
    expect(result.nodes.map(({ code, endedAt }) => [code, (endedAt - DAY) / hour])).toEqual([
      ['pause', 1],
      ['morning', 30],
      ['review', 32],
      // The first event came before anything waited for it, the second is another order's.
      ['paid', 60],
      ['ship', 60],
    ])
    expect(result.node('ship').params).toEqual({ by: 'operator', sum: 3 })
  })
  test('times out, and a rejection fails', async () => {
    const states = async (test: Parameters<typeof runDag>[1]) =>
      (await runDag(waiting, { ...start, ...test })).nodes
        .slice(2)
        .map(({ state, error }) => [state, (error as { code?: string } | null)?.code])
    expect(await states({})).toEqual([
      ['TIMEOUT', 'APPROVAL_TIMEOUT'],
      ['SKIPPED', undefined],
      ['SKIPPED', undefined],
    ])
    expect((await states({ approvals: { review: { approve: true, afterMs: 5 * hour } } }))[0]).toEqual([
      'TIMEOUT',
      'APPROVAL_TIMEOUT',
    ])
    expect((await states({ approvals: { review: false } }))[0]).toEqual(['FAILED', 'REJECTED'])
    expect((await states({ approvals: { review: true } }))[1]).toEqual(['TIMEOUT', 'EVENT_TIMEOUT'])
    expect((await states({ approvals: { review: true }, events: [{ name: 'paid', payload: { sum: 1 } }] }))[2]).toEqual([
      'SUCCESS',
      undefined,
    ])
  })
})

describe('a sub-DAG', () => {
  const outer = defineDag('outer')
    .node('sub', { dag: pipeline, params: { day: 'monday' } })
    .node('after', { task: 'after', after: 'sub', params: { total: expr('nodes.sub.output') } })

  test('runs node by node with the handlers that it names, or as a document', async () => {
    const tasks = { sum, after: () => null }
    const result = await runDag(outer, { secrets, tasks })
    expect(result.node('after').params).toEqual({ total: 6 })
    expect(result.node('sub').instances[0]!.run!.nodes.map(({ code }) => code)).toEqual(['extract', 'load', 'sum'])
    expect(result.logs).toMatchObject([{ path: 'sub/extract' }])
    const documents = { dag: parse(outer.toYaml()) as DagDefinition, inner: parse(pipeline.toYaml()) as DagDefinition }
    const again = await runDag(documents.dag, {
      secrets,
      tasks: { ...tasks, extract, load },
      dags: { pipeline: documents.inner },
    })
    expect(again.nodes).toEqual(result.nodes)
  })
})

describe('a test that leaves open how it goes on is told what is missing', () => {
  const of = (node: object): DagDefinition => ({ nodes: [{ code: 'a', ...node }], edges: [] })
  test.each([
    [of({ task: 't' }), 'The task "t" of the node "a" has no handler in this test'],
    [of({ dag: 'd' }), 'The node "a" runs the DAG "d", which this test does not know'],
    [of({ approval: {} }), `The node "a" waits for an approval for ever: give approvals: { 'a': true }.`],
    [of({ wait: { event: { name: 'e', key: '"k"' } } }), 'The node "a" waits for ever for the event "e" with the key "k"'],
    [of({ task: 't', wait: { ms: 1 } }), 'The DAG is not valid: /nodes/0/wait'],
  ])('%j', async (definition, message) => {
    await expect(runDag(definition)).rejects.toThrow(message)
  })
  test('also a secret, and a node that is not there', async () => {
    await expect(runDag(pipeline, { tasks: { sum } })).rejects.toThrow('ask for the secret "api-key"')
    const result = await runDag(of({ wait: { ms: 1 } }))
    expect(() => result.node('b')).toThrow('The DAG has no node "b"; it has a.')
  })
})

test('a task has its own parameters under those of its node', async () => {
  const dag: DagDefinition = {
    params: { x: 1 },
    nodes: [{ code: 'a', task: 'a', params: { over: '${{ params.x }}' } }],
    edges: [],
  }
  const result = await runDag(dag, { tasks: { a: { params: { own: '${{ params.x + 1 }}', over: 0 }, handler: () => null } } })
  expect(result.node('a').params).toEqual({ own: 2, over: 1 })
})
