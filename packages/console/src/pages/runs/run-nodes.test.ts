import { describe, expect, test } from 'vitest'
import {
  byState,
  edgesOf,
  failureOf,
  nextFailure,
  nodesOf,
  outputsOf,
  progressOf,
  repeatedFromFailed,
  stateOf,
  type RunInstance,
} from './run-nodes.ts'

let ids = 0
const instance = (node: number, state: RunInstance['state'], more: Partial<RunInstance> = {}): RunInstance =>
  ({
    id: ++ids,
    node,
    nodeCode: 'abcdef'[node],
    task: { id: 1, code: 't' },
    shardIndex: 0,
    shardTotal: 1,
    state,
    waitReason: null,
    startedAt: state === 'WAITING' || state === 'PENDING' || state === 'SKIPPED' ? null : 10,
    endedAt: ['SUCCESS', 'FAILED', 'SKIPPED'].includes(state) ? 20 : null,
    error: null,
    ...more,
  }) as RunInstance

const definition = {
  nodes: ['a', 'b', 'c', 'd'].map((code) => ({ code })),
  edges: [
    { from: 'a', to: 'b', condition: 'x > 1' },
    { from: 'a', to: 'c', condition: 'x < 1' },
    { from: 'b', to: 'd' },
    { from: 'c', to: 'd' },
  ],
}

describe('a node', () => {
  test('that was run again is as it is now', () => {
    const nodes = nodesOf([instance(0, 'FAILED'), instance(0, 'RUNNING')], definition)
    expect(nodes).toMatchObject([{ code: 'a', state: 'RUNNING', startedAt: 10, endedAt: null }])
  })

  test('of several elements is under way while one is, and failed when one has', () => {
    const element = (shardIndex: number, state: RunInstance['state']) => instance(0, state, { shardIndex, shardTotal: 3 })
    const stateOfElements = (...states: RunInstance['state'][]) =>
      nodesOf(
        states.map((state, place) => element(place, state)),
        definition,
      )[0]!.state
    expect(stateOfElements('SUCCESS', 'RUNNING', 'FAILED')).toBe('RUNNING')
    expect(stateOfElements('SUCCESS', 'FAILED', 'SUCCESS')).toBe('FAILED')
    expect(stateOfElements('SUCCESS', 'SUCCESS')).toBe('SUCCESS')
    expect(stateOfElements('SUCCESS', 'CANCELLED')).toBe('CANCELLED')
  })

  test('whose elements may fail in part succeeds when enough have', () => {
    const share = { ...definition, nodes: [{ code: 'a', forEach: { items: '[1,2]', successShare: 0.5 } }] }
    const all = [instance(0, 'SUCCESS', { shardTotal: 2 }), instance(0, 'FAILED', { shardIndex: 1, shardTotal: 2 })]
    expect(nodesOf(all, share)[0]!.state).toBe('SUCCESS')
  })

  test('that pauses before its next attempt is told from one that waits for a time', () => {
    expect(stateOf(instance(0, 'WAITING', { waitReason: 'TIME' }))).toBe('RETRYING')
    expect(stateOf(instance(0, 'WAITING', { waitReason: 'TIME', task: null }))).toBe('WAITING')
    expect(stateOf(instance(0, 'WAITING', { waitReason: 'SLOT' }))).toBe('WAITING')
  })
})

test('progress counts nodes', () => {
  const nodes = nodesOf([instance(0, 'SUCCESS'), instance(1, 'FAILED'), instance(2, 'RUNNING'), instance(3, 'WAITING')], null)
  expect(progressOf(nodes)).toEqual({ done: 2, total: 4, running: 1, failed: 1 })
  expect(byState(nodes).map(([state]) => state)).toEqual(['FAILED', 'RUNNING', 'WAITING', 'SUCCESS'])
})

test('one goes from failure to failure in the order of the DAG, and around', () => {
  const all = nodesOf(
    [instance(0, 'FAILED'), instance(1, 'SUCCESS'), instance(2, 'FAILED'), instance(3, 'LOST'), instance(4, 'SUCCESS')],
    null,
  )
  const way = (from: string | null, by: 1 | -1) => nextFailure(all, from, by)?.code
  expect([way(null, 1), way('a', 1), way('b', 1), way('d', 1), way('e', 1)]).toEqual(['a', 'c', 'c', 'a', 'a'])
  expect([way(null, -1), way('a', -1), way('b', -1), way('d', -1), way('e', -1)]).toEqual(['d', 'd', 'a', 'c', 'd'])
  expect(nextFailure(nodesOf([instance(0, 'SUCCESS')], null), 'a', 1)).toBeUndefined()
})

test('of a run, the outputs of its last nodes come first, each element has its own, and what came without it counts', () => {
  const made = { output: { rows: 1 }, outputLeftOut: false }
  const instances = [
    instance(0, 'SUCCESS', made),
    instance(1, 'SUCCESS', { output: null, outputLeftOut: true, shardIndex: 0 }),
    instance(1, 'SUCCESS', { ...made, shardIndex: 1 }),
    instance(2, 'FAILED', { output: null, outputLeftOut: false }),
    instance(3, 'SUCCESS', made),
  ]
  const listed = outputsOf(nodesOf(instances, definition), definition.edges)
  expect(listed.map(({ name, element }) => [name, element])).toEqual([
    ['d', null],
    ['a', null],
    ['b', 0],
    ['b', 1],
  ])
  expect(listed[0]!.instance).toBe(instances[4]!.id)
})

test('edges are taken or not as far as the nodes tell', () => {
  const nodes = nodesOf(
    [instance(0, 'SUCCESS'), instance(1, 'SUCCESS'), instance(2, 'SKIPPED'), instance(3, 'RUNNING')],
    definition,
  )
  expect(edgesOf(definition, nodes).map(({ taken }) => taken)).toEqual([true, false, true, false])
  const early = nodesOf(
    [instance(0, 'RUNNING'), instance(1, 'WAITING'), instance(2, 'WAITING'), instance(3, 'WAITING')],
    definition,
  )
  expect(edgesOf(definition, early).map(({ taken }) => taken)).toEqual([undefined, undefined, undefined, undefined])
})

test('a condition into a node that others lead to as well does not tell whether it was true', () => {
  const two = {
    nodes: [],
    edges: [
      { from: 'a', to: 'c', condition: 'x' },
      { from: 'b', to: 'c', condition: 'y' },
    ],
  }
  const nodes = nodesOf([instance(0, 'SUCCESS'), instance(1, 'SUCCESS'), instance(2, 'SUCCESS')], two)
  expect(edgesOf(two, nodes).map(({ taken }) => taken)).toEqual([undefined, undefined])
})

test('from what failed, what succeeded or was marked as done stands', () => {
  const done = instance(2, 'SKIPPED', { error: { code: 'DONE', message: 'A person marked it as done.' } })
  const nodes = nodesOf([instance(0, 'SUCCESS'), instance(1, 'FAILED'), done, instance(3, 'SKIPPED')], null)
  expect(repeatedFromFailed(nodes)).toEqual({ stand: 2, again: ['b', 'd'] })
})

test.each([
  [null, null],
  ['text', { code: null, message: 'text', stack: null }],
  [
    { code: 'E', message: 'm', stack: 's' },
    { code: 'E', message: 'm', stack: 's' },
  ],
  [{ other: 1 }, { code: null, message: '{"other":1}', stack: null }],
])('the error %j is read', (error, failure) => expect(failureOf(error)).toEqual(failure))
