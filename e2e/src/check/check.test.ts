import { expect, test } from 'vitest'
import type { Demands } from '../record/demands.ts'
import type { AttemptRow, Dump, FireRow, InstanceRow, RunRow } from '../record/dump.ts'
import type { History } from '../record/history.ts'
import type { TruthRecord } from '../record/truth.ts'
import { check } from './check.ts'

// A history in which all is well: a schedule of one task fired thrice, each run ended by the attempt under token 1. Each test spoils it in
// one way and expects the check that is there for it to say so.

const TENANT = 7
const FIRST = Date.UTC(2030, 0, 1)
const RUNS = [1, 2, 3] as const
const fireAt = (run: number) => FIRST + (run - 1) * 1_000

function fire(run: number, more: Partial<FireRow> = {}): FireRow {
  const at = fireAt(run)
  return {
    ...{ tenantId: TENANT, scheduleId: 50, fireAt: at, lastFireAt: at, count: 1 },
    ...{ outcome: 'RUN', reason: 'ON_TIME', runId: run, decidedAt: at + 20 },
    ...more,
  }
}

function run(id: number, more: Partial<RunRow> = {}): RunRow {
  const at = fireAt(id)
  return {
    ...{
      tenantId: TENANT,
      id,
      live: false,
      taskId: 40,
      state: 'SUCCESS',
      reason: null,
      origin: 'SCHEDULE',
      scheduleId: 50,
      fireAt: at,
    },
    ...{ parentRunId: null, concurrencyKey: '40', admitted: true, instances: 1, key: null },
    ...{ createdAt: at, startedAt: at + 100, endedAt: at + 300 },
    ...more,
  }
}

function instance(id: number, more: Partial<InstanceRow> = {}): InstanceRow {
  const at = fireAt(id)
  return {
    ...{ tenantId: TENANT, id, runId: id, live: false, state: 'SUCCESS', attempt: 1, lost: 0, token: 1, sessionId: 90 },
    ...{ reservedAt: at + 50, endedAt: at + 300 },
    ...more,
  }
}

function attemptsOf(id: number, more: Partial<AttemptRow> = {}): AttemptRow {
  const at = fireAt(id)
  return {
    tenantId: TENANT,
    instanceId: id,
    number: 1,
    token: 1,
    sessionId: 90,
    outcome: 'LOST',
    reservedAt: at + 10,
    endedAt: at + 40,
    ...more,
  }
}

function truthOf(id: number, token = 1): TruthRecord[] {
  const by = { executor: 'executor-0', pid: 1, instance: id, token }
  const work = { ...by, tenant: TENANT, run: id, attempt: token, task: 'report', fireAt: fireAt(id) }
  return [
    { at: fireAt(id) + 60, ...by, what: 'granted', session: 90, run: id, attempt: token },
    { at: fireAt(id) + 100, ...work, what: 'start' },
    { at: fireAt(id) + 290, ...work, what: 'finish' },
    { at: fireAt(id) + 300, ...by, what: 'answered', kind: 'SUCCESS', status: 'ACCEPTED' },
  ]
}

interface Spoiled {
  readonly dump?: Partial<Dump>
  readonly truth?: readonly TruthRecord[]
  readonly more?: Partial<History>
}

function history({ dump = {}, truth = RUNS.flatMap((id) => truthOf(id)), more = {} }: Spoiled = {}): History {
  return {
    promised: {
      tasks: [{ tenantId: TENANT, id: 40, code: 'report', delivery: 'AT_MOST_ONCE', limit: 1, leads: false }],
      schedules: [{ tenantId: TENANT, id: 50, taskId: 40, timing: { kind: 'CRON', everySeconds: 1 }, firstAt: FIRST }],
    },
    dump: {
      at: FIRST + 5_000,
      fires: RUNS.map((id) => fire(id)),
      runs: RUNS.map((id) => run(id)),
      instances: RUNS.map((id) => instance(id)),
      ...{ attempts: [], sessions: [], refused: [], audit: [], keys: [], outbox: 0, scheduleWakes: 0 },
      tasks: [{ tenantId: TENANT, id: 40, code: 'report' }],
      dues: [{ tenantId: TENANT, scheduleId: 50, nextFireAt: FIRST + 3_000 }],
      ...dump,
    },
    truth,
    ...{ clients: [], nemesis: [] },
    ...more,
  }
}

const NO_DEMANDS: Demands = { events: {}, fires: 0, accepted: 0, acknowledged: 0, figures: {} }

/** The checks that did not hold, with their first problem. */
function red(spoiled: Spoiled, demands: Partial<Demands> = {}): Record<string, string | undefined> {
  const verdicts = check(history(spoiled), { ...NO_DEMANDS, ...demands })
  // So few runs are too few for the limits to be called kept.
  const wrong = verdicts.filter(({ check: name, state }) => state === 'BROKEN' || (state === 'UNKNOWN' && name !== 'C8 limits'))
  return Object.fromEntries(wrong.map(({ check: name, problems }) => [name, problems[0]]))
}

const others = (id: number) => RUNS.filter((each) => each !== id)

test('a history in which all is well holds', () => {
  expect(red({})).toEqual({})
})

test('C2 an occurrence without a decision is lost', () => {
  const fires = others(2).map((id) => fire(id))
  expect(red({ dump: { fires } })['C2 occurrences']).toMatch(/00:00:01.000Z is lost/)
})

test('C2 an occurrence with two decisions is a double fire', () => {
  const fires = [...RUNS.map((id) => fire(id)), fire(2)]
  expect(red({ dump: { fires } })['C2 occurrences']).toMatch(/00:00:01.000Z was decided 2 times/)
})

test('C2 a decision for an instant at which nothing was planned is one too many', () => {
  const fires = [...RUNS.map((id) => fire(id)), fire(2, { fireAt: FIRST + 500, lastFireAt: FIRST + 500 })]
  expect(red({ dump: { fires } })['C2 occurrences']).toMatch(/when it had no occurrence/)
})

test('C2 a stretch of decisions covers each of its occurrences, and is broken when it counts another number', () => {
  const stretch = { outcome: 'SKIPPED', reason: 'PAUSED', runId: null, lastFireAt: fireAt(3) } as const
  const rest = { runs: [run(1)], instances: [instance(1)] }
  const truth = truthOf(1)
  expect(red({ dump: { ...rest, fires: [fire(1), fire(2, { ...stretch, count: 2 })] }, truth })).toEqual({})
  expect(red({ dump: { ...rest, fires: [fire(1), fire(2, { ...stretch, count: 3 })] }, truth })).toHaveProperty([
    'C2 occurrences',
  ])
})

test('C2 two runs of one occurrence are a double fire even when the ledger has one row', () => {
  const twin = {
    runs: [...RUNS.map((id) => run(id)), run(4, { fireAt: fireAt(2) })],
    instances: [...RUNS.map((id) => instance(id)), instance(4)],
  }
  expect(red({ dump: twin, truth: [1, 2, 3, 4].flatMap((id) => truthOf(id)) })['C2 occurrences']).toMatch(/has the runs 2, 4/)
})

test('C1 an operation that was acknowledged and is not there is lost', () => {
  const ok = { at: 0, client: 'c', key: 'k', operation: 'run.trigger', tenantId: TENANT, type: 'ok', id: 99 } as const
  expect(red({ more: { clients: [ok] } })['C1 acknowledged']).toMatch(/acknowledged as 99, which is not there/)
})

test('C1 two effects of one key are one too many, and one that was never answered may have had its effect or not', () => {
  const info = { at: 0, client: 'c', key: 'k', operation: 'run.trigger', tenantId: TENANT, type: 'info' } as const
  const triggered = (id: number) => run(id, { origin: 'API', scheduleId: null, key: 'k' })
  const made = (...ids: number[]) => ({
    runs: [...RUNS.map((id) => run(id)), ...ids.map(triggered)],
    instances: [...RUNS, ...ids].map((id) => instance(id)),
  })
  const seen = (...ids: number[]) => [...RUNS, ...ids].flatMap((id) => truthOf(id))
  expect(red({ more: { clients: [info] } })).toEqual({})
  expect(red({ dump: made(4), truth: seen(4), more: { clients: [info] } })).toEqual({})
  expect(red({ dump: made(4, 5), truth: seen(4, 5), more: { clients: [info] } })['C1 acknowledged']).toMatch(/had 2 effects/)
})

test('C1 an end of an attempt that was accepted and does not stand is lost', () => {
  const instances = [...others(3).map((id) => instance(id)), instance(3, { state: 'LOST' })]
  expect(red({ dump: { instances } })['C1 acknowledged']).toMatch(/accepted SUCCESS of instance:token 3:1 stands as LOST/)
})

test('C3 attempts of an instance that overlap are two at a time', () => {
  const instances = [...others(3).map((id) => instance(id)), instance(3, { token: 2, attempt: 2 })]
  const truth = [...others(3).flatMap((id) => truthOf(id)), ...truthOf(3, 2)]
  expect(red({ dump: { instances, attempts: [attemptsOf(3)] }, truth })).toEqual({})
  const late = attemptsOf(3, { endedAt: fireAt(3) + 60 })
  expect(red({ dump: { instances, attempts: [late] }, truth })['C3 leases']).toMatch(/token 2 was given before 1 had ended/)
})

test('C3 a token that does not rise does not fence', () => {
  expect(red({ dump: { attempts: [attemptsOf(3)] } })['C3 leases']).toMatch(/token 1 follows token 1/)
})

test('C3 two accepted ends of an attempt are one too many', () => {
  const again: TruthRecord = {
    at: FIRST + 4_000,
    executor: 'executor-0',
    pid: 1,
    instance: 3,
    token: 1,
    what: 'answered',
    kind: 'SUCCESS',
    status: 'ACCEPTED',
  }
  expect(red({ truth: [...RUNS.flatMap((id) => truthOf(id)), again] })['C3 leases']).toMatch(
    /2 ends of instance:token 3:1 were accepted/,
  )
})

test('C3 a report that nobody made must not be accepted, of whatever kind', () => {
  const lie: TruthRecord = {
    ...{ at: FIRST + 4_000, executor: 'proxy', pid: 1, instance: 3, token: 1, via: 'proxy' },
    ...{ what: 'answered', kind: 'PROGRESS', status: 'ACCEPTED' },
  }
  expect(red({ truth: [...RUNS.flatMap((id) => truthOf(id)), lie] })['C3 leases']).toMatch(/made up was accepted/)
})

test('C3 a session that was ended before its lease ran out was robbed', () => {
  const session = { tenantId: TENANT, id: 90, endReason: 'EXPIRED', leaseUntil: FIRST + 3_000 }
  expect(red({ dump: { sessions: [{ ...session, endedAt: FIRST + 3_001 }] } })).toEqual({})
  expect(red({ dump: { sessions: [{ ...session, endedAt: FIRST + 2_000 }] } })['C3 leases']).toMatch(
    /1000 ms before its lease ran out/,
  )
})

test('C5 an at-most-once instance that ran twice ran too often', () => {
  const truth = [...RUNS.flatMap((id) => truthOf(id)), ...truthOf(3, 2).filter(({ what }) => what === 'start')]
  expect(red({ truth })['C5 executor truth']).toMatch(/at-most-once instance 3 ran 2 times/)
})

test('C5 a success that no handler came to the end of is made up', () => {
  const truth = RUNS.flatMap((id) => truthOf(id)).filter(({ what, instance: id }) => what !== 'finish' || id !== 3)
  expect(red({ truth })['C5 executor truth']).toMatch(/instance 3 is a success/)
})

test('C8 two runs of a sequential key at once are one too many', () => {
  const runs = [...others(3).map((id) => run(id)), run(3, { startedAt: fireAt(2) + 200 })]
  expect(red({ dump: { runs } })['C8 limits']).toMatch(/2 runs at once by the records, where 1 may be/)
})

test('C10 a run that has not ended is stuck, and so is a schedule that stands still', () => {
  const runs = [...others(3).map((id) => run(id)), run(3, { live: true, state: 'PENDING', endedAt: null })]
  const instances = [...others(3).map((id) => instance(id)), instance(3, { live: true, state: 'PENDING', endedAt: null })]
  expect(red({ dump: { runs, instances } })['C10 liveness']).toMatch(/run 7:3 is still PENDING/)
  expect(red({ dump: { at: FIRST + 60_000 } })['C10 liveness']).toMatch(/schedule 7:50 stands still/)
})

test('what was waited for and was not seen is unknown, which is no pass', () => {
  expect(red({}, { fires: 4 })['C2 occurrences']).toMatch(/only 3 fires; 4 were to be seen/)
  expect(red({}, { events: { kill: 1 } })['Faults']).toMatch(/only 0 kill/)
})
