import { expect, test } from 'vitest'
import type { WaitingFacts } from '../storage/waiting.ts'
import { explain, type ClosedBy, type WaitingNode } from './explain.ts'

const ready: WaitingFacts = {
  tenantId: 1,
  id: 1,
  state: 'PENDING',
  runId: 1,
  planId: 1,
  node: 0,
  shardIndex: 0,
  eventName: null,
  eventKey: null,
  partRunId: null,
  waitReason: null,
  dueAt: null,
  runReason: null,
  handler: 'h',
  selector: {},
  placedWith: null,
  placedGoneAt: null,
  placedUnservedAt: null,
  toBePlaced: false,
  appCode: 'app',
  appPaused: false,
  tenantActive: true,
  scheduler: 'RUNNING',
  starts: null,
  serving: 2,
  available: 2,
  standing: [],
  free: 1,
  freeIds: [7],
  capacityRules: [],
  lane: [],
  tenantCode: 'acme',
  appTenantId: 1,
  appId: 1,
  appShared: false,
  executor: null,
}

const ofTask: WaitingNode = { node: { code: 'task' }, waitsFor: [], shardGoneMs: 300_000 }

test.each<[Partial<WaitingFacts>, string]>([
  [{}, 'QUEUED'],
  [{ scheduler: 'DRAINING', tenantActive: false }, 'SCHEDULER_STOPPED'],
  // Stopped, it fires nothing, but what is queued is given out.
  [{ scheduler: 'STOPPED' }, 'QUEUED'],
  [{ tenantActive: false, appPaused: true }, 'TENANT_SUSPENDED'],
  [{ appPaused: true, serving: 0 }, 'APP_PAUSED'],
  [{ serving: 0, available: 0, free: 0 }, 'NO_EXECUTOR'],
  [{ available: 0, free: 0 }, 'EXECUTORS_UNAVAILABLE'],
  [{ starts: 0, free: 0 }, 'RATE_LIMIT'],
  [{ starts: 1, free: 0 }, 'EXECUTORS_BUSY'],
  [{ state: 'RESERVED', executor: 'w1' }, 'RESERVED'],
  [{ state: 'WAITING', waitReason: 'TIME', dueAt: 5 }, 'TIME'],
  [{ state: 'WAITING', waitReason: 'PAUSED', runReason: 'PAUSED:user:ann' }, 'PAUSED'],
  [{ state: 'WAITING', waitReason: 'DEPENDENCY' }, 'DEPENDENCY'],
  [{ state: 'WAITING', waitReason: 'SLOT', runReason: 'CONCURRENCY:42' }, 'SLOT'],
])('RUN-7 %j waits because of %s', (facts, reason) => {
  expect(explain({ ...ready, ...facts }, ofTask).reason).toBe(reason)
})

test('RUN-7 a slot names the run that holds it, a pause the person, a time when it ends', () => {
  const waiting = (facts: Partial<WaitingFacts>) => explain({ ...ready, state: 'WAITING', ...facts }, ofTask)
  expect(waiting({ waitReason: 'SLOT', runReason: 'CONCURRENCY:42' }).heldBy).toBe(42)
  expect(waiting({ waitReason: 'PAUSED', runReason: 'PAUSED:user:ann' }).detail).toContain('by user:ann')
  expect(waiting({ waitReason: 'TIME', dueAt: 5 }).until).toBe(5)
})

test('what no executor serves is named with the labels that were asked for', () => {
  expect(explain({ ...ready, serving: 0, selector: { env: 'prod' } }, ofTask).detail).toBe(
    'No executor serves the handler h under env=prod in the app app.',
  )
})

test('RUN-7 where none of the executors takes work, it is said how they stand', () => {
  const standing = ['DRAINING', 'OFFLINE', 'DRAINING']
  expect(explain({ ...ready, available: 0, free: 0, standing }, ofTask).detail).toBe(
    'No executor that serves the handler h in the app app takes work: 2 DRAINING, 1 OFFLINE.',
  )
})

test('RUN-7 what was placed with an executor names it, and so does what a selector asks for', () => {
  const detail = (facts: Partial<WaitingFacts>) => explain({ ...ready, ...facts }, ofTask).detail
  expect(detail({ placedWith: 'a', free: 0 })).toBe('The executor a, which is to have it, is full.')
  expect(explain({ ...ready, placedWith: 'a', available: 0 }, ofTask)).toEqual({
    reason: 'EXECUTORS_UNAVAILABLE',
    detail: 'The executor a, which is to have it, is not online and healthy.',
  })
  expect(detail({ toBePlaced: true })).toContain('has yet to choose an executor')
  expect(detail({ serving: 0, selector: { zone: { in: ['a', 'b'] }, gpu: { notIn: ['none'] } } })).toBe(
    'No executor serves the handler h under zone in (a, b), gpu not in (none) in the app app.',
  )
})

test('RUN-7 a shard of a broadcast whose executor has gone says until when it waits for it', () => {
  const gone = { ...ready, placedWith: 'a', placedGoneAt: 1_000, available: 0 }
  const broadcast = { control: { forEach: { over: { kind: 'EXECUTORS' } } } } as WaitingNode['node']
  expect(explain(gone, { ...ofTask, node: broadcast })).toEqual({
    reason: 'EXECUTORS_UNAVAILABLE',
    detail: 'The executor a, to which this shard belongs, has gone: the shard fails if it has not registered again by then.',
    until: 301_000,
  })
  expect(explain({ ...gone, placedGoneAt: null }, { ...ofTask, node: broadcast })).not.toHaveProperty('until')
  expect(explain(gone, ofTask)).not.toHaveProperty('until')
})

test('RUN-7 a shard of a broadcast whose executor lives and does not serve it any more says so, and until when it waits', () => {
  const unserved = { ...ready, placedWith: 'a', placedUnservedAt: 1_000 }
  const broadcast = { control: { forEach: { over: { kind: 'EXECUTORS' } } } } as WaitingNode['node']
  expect(explain(unserved, { ...ofTask, node: broadcast })).toMatchObject({
    reason: 'EXECUTORS_UNAVAILABLE',
    detail: expect.stringContaining('does not serve the handler h any more'),
    until: 301_000,
  })
  expect(explain(unserved, ofTask)).not.toHaveProperty('until')
})

test('RUN-7 a node says which nodes, person, event or run it waits for, and until when', () => {
  const told = (facts: Partial<WaitingFacts>, around: WaitingNode = ofTask) =>
    explain({ ...ready, state: 'WAITING', ...facts }, around)
  const control = (approval: object) => ({ node: { code: 'ask', control: { does: { kind: 'APPROVAL', approval } } } })
  expect(told({ waitReason: 'DEPENDENCY' }, { ...ofTask, waitsFor: ['a', 'b', 'c'] }).detail).toBe(
    'Waits for the end of a, b and c.',
  )
  expect(told({ waitReason: 'DEPENDENCY' }, { ...ofTask, waitsFor: 'abcdefgh'.split('') }).detail).toContain('e and 3 more nodes')
  const asks = { ...control({ roles: ['admin', 'owner'] }), waitsFor: [], shardGoneMs: 0 } as unknown as WaitingNode
  expect(told({ waitReason: 'APPROVAL', dueAt: 9 }, asks)).toEqual({
    reason: 'APPROVAL',
    detail: 'Waits for the decision of a person with the role owner or admin.',
    until: 9,
  })
  expect(told({ waitReason: 'EVENT', eventName: 'paid', eventKey: '7' }).detail).toBe('Waits for the event paid with the key 7.')
  expect(told({ waitReason: 'SUB_DAG', partRunId: 42 })).toMatchObject({ heldBy: 42, detail: 'Waits for the end of run 42.' })
  expect(told({ waitReason: 'SLOT', shardIndex: 3 }).detail).toContain('elements at work')
})

test('CON-4 a capacity rule says whom it speaks of, where, and which run holds a place', () => {
  const held = (closedBy: ClosedBy) => explain(ready, { ...ofTask, closedBy })
  expect(held({ rule: { label: 'team=reports', limit: 4 }, by: 'LIMIT', holder: 42 })).toEqual({
    reason: 'CAPACITY',
    detail: 'The app app gives the label team=reports at most 4 places at once; run 42 holds one.',
    heldBy: 42,
  })
  expect(held({ rule: { task: 'nightly', executor: 'a', reserve: 1 }, by: 'RESERVATION', holder: null })).toEqual({
    reason: 'CAPACITY',
    detail: 'The app app keeps 1 place for the task nightly on the executor a, and no other is free.',
  })
})
