import Type, { type Static } from 'typebox'
import { LONGEST_EXPRESSION, LONGEST_INTERVAL_MS, LONGEST_JITTER_MS, MOST_CALENDARS, SHORTEST_INTERVAL_MS } from '@carillon/core'
import { BulkAnswer, Refs } from './bulk.ts'
import { Id, Millis } from './executor-protocol.ts'
import { Paging, Sort, pageOf } from './paging.ts'
import { Misfire } from './policy.ts'
import { revisionRoutes } from './revision.ts'
import { route } from './route.ts'
import {
  BodyRef,
  Code,
  Description,
  IdText,
  JsonObject,
  LabelFilter,
  Labels,
  Reason,
  Ref,
  Stamp,
  Text,
  Timezone,
  Version,
  choice,
  nullable,
  optional,
  strict,
  taggedUnion,
} from './schema.ts'

const TAG = 'Schedules'

const Interval = Type.Integer({ minimum: SHORTEST_INTERVAL_MS, maximum: LONGEST_INTERVAL_MS })
const Expression = Type.String({
  minLength: 1,
  maxLength: LONGEST_EXPRESSION,
  description: 'Cron with 5 (Unix), 6 or 7 (Quartz) fields, or a macro',
  examples: ['0 0 2 * * ?', '*/5 * * * *', '@daily'],
})
const Dst = choice(
  ['DEFAULT', 'SKIP', 'SHIFT', 'BOTH'],
  'Of fixed local times when the clocks change: once after a gap and once in an overlap; or not in the gap; or shifted by it; or twice in the overlap',
)
const rest = [
  strict({ kind: Type.Literal('FIXED_DELAY'), delayMs: Interval }),
  strict({ kind: Type.Literal('ONCE'), at: Millis }),
  strict({ kind: Type.Literal('MANUAL') }),
] as const

const TimingInput = taggedUnion('kind', [
  strict({ kind: Type.Literal('CRON'), expression: Expression, timezone: Timezone, dst: Type.Optional(Dst) }),
  strict({ kind: Type.Literal('FIXED_RATE'), everyMs: Interval, anchorAt: Type.Optional(Millis) }),
  ...rest,
])
const Timing = taggedUnion('kind', [
  strict({ kind: Type.Literal('CRON'), expression: Expression, timezone: Timezone, dst: Dst }),
  strict({ kind: Type.Literal('FIXED_RATE'), everyMs: Interval, anchorAt: Millis }),
  ...rest,
])

const Mode = choice(['INCLUDE', 'EXCLUDE'])
const CalendarInput = Type.Array(strict({ calendar: BodyRef, mode: Mode }), { maxItems: MOST_CALENDARS })

const fields = {
  name: Text(200),
  description: Description,
  startAt: nullable(Millis),
  endAt: nullable(Millis),
  jitterMs: Type.Integer({ minimum: 0, maximum: LONGEST_JITTER_MS }),
  params: JsonObject,
  priority: nullable(Type.Integer({ minimum: 1, maximum: 10 })),
  labels: Labels,
}

export const Schedule = strict({
  ...Stamp,
  ...fields,
  task: nullable(strict({ id: Id, code: Type.String() })),
  dag: nullable(strict({ id: Id, code: Type.String() })),
  timing: Timing,
  misfire: nullable(Misfire),
  effective: strict({ misfire: Misfire }),
  calendars: Type.Array(strict({ calendar: strict({ id: Id, code: Type.String() }), mode: Mode })),
  paused: Type.Boolean(),
  pauseReason: nullable(Type.String()),
  nextFireAt: nullable(Millis),
  lastFireAt: nullable(Millis),
})
export type ScheduleView = Static<typeof Schedule>

/** `misfire` null: as its task or DAG says. */
const given = { ...fields, misfire: nullable(Misfire), calendars: CalendarInput, paused: Type.Boolean() }

/** What it fires: exactly one of the two. */
const target = optional({ task: BodyRef, dag: BodyRef })

export const ScheduleCreate = strict({ code: Code, ...target, timing: TimingInput, ...optional(given) })
export type ScheduleCreate = Static<typeof ScheduleCreate>

export const ScheduleUpdate = strict({
  version: Version,
  ...optional({ code: Code, timing: TimingInput, ...fields, misfire: nullable(Misfire), calendars: CalendarInput }),
})
export type ScheduleUpdate = Static<typeof ScheduleUpdate>

export const ScheduleDraft = strict({
  timing: TimingInput,
  ...optional({ startAt: fields.startAt, endAt: fields.endAt, jitterMs: fields.jitterMs, calendars: CalendarInput }),
  count: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
  from: Type.Optional(Millis),
})
export type ScheduleDraft = Static<typeof ScheduleDraft>

export const PreviewFire = strict({
  fireAt: Millis,
  local: Type.String({ description: 'In the zone of the schedule' }),
  weekday: Type.String(),
  excluded: nullable(strict({ calendar: Type.String(), mode: Mode })),
  dst: nullable(choice(['GAP', 'OVERLAP_FIRST', 'OVERLAP_SECOND'])),
})
const Preview = strict({
  fires: Type.Array(PreviewFire),
  whyNone: nullable(Type.String({ description: 'Why there is no fire, where there is none' })),
})

export const FireCount = strict({
  fires: Type.Integer({ description: 'That run' }),
  excluded: Type.Integer({ description: 'That calendars leave out' }),
  more: Type.Boolean({ description: 'There are more than these, the first 50,000 of both, which are all that is counted' }),
})
export type FireCount = Static<typeof FireCount>

/** A row of the firing ledger. */
export const Fire = strict({
  fireAt: Millis,
  lastFireAt: Type.Integer({ description: 'Of a stretch of equal decisions: its last' }),
  count: Type.Integer(),
  outcome: choice(['RUN', 'LATE', 'CAUGHT_UP', 'SKIPPED', 'MISSED']),
  reason: Type.String(),
  runId: nullable(Id),
  decidedAt: Millis,
})

export const Backfill = strict({
  id: Id,
  fromAt: Millis,
  toAt: Millis,
  nextAt: Type.Integer({ description: 'Everything before it has been decided' }),
  perMinute: Type.Integer(),
  params: JsonObject,
  state: choice(['RUNNING', 'DONE', 'CANCELLED']),
  runs: Type.Integer(),
  skipped: Type.Integer(),
  createdBy: Type.String(),
  createdAt: Millis,
  endedAt: nullable(Millis),
})
export type Backfill = Static<typeof Backfill>

export const BackfillCreate = strict({
  fromAt: Millis,
  toAt: Type.Integer({ minimum: 0, maximum: 8_640_000_000_000_000, description: 'Exclusive' }),
  perMinute: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000, default: 60, description: 'Runs started a minute' })),
  params: Type.Optional(JsonObject),
})
export type BackfillCreate = Static<typeof BackfillCreate>

const params = strict({ schedule: Ref })
const path = '/api/v1/schedules/:schedule'
const backfill = strict({ schedule: Ref, backfill: IdText })
const write = { access: 'definition.write', tag: TAG } as const
const pause = { access: 'schedule.pause', tag: TAG, method: 'POST' } as const
const read = { access: 'read', tag: TAG, method: 'GET' } as const

export const scheduleRoutes = {
  list: route({
    ...read,
    path: '/api/v1/schedules',
    summary: 'List schedules',
    query: strict({
      ...Paging,
      sort: Sort,
      ...optional({ q: Type.String({ maxLength: 200 }), task: Ref, dag: Ref, paused: Type.Boolean(), label: LabelFilter }),
    }),
    responses: { 200: pageOf(Schedule) },
  }),
  create: route({
    ...write,
    method: 'POST',
    path: '/api/v1/schedules',
    summary: 'Create a schedule; its first fire lies in the future',
    description: 'One that would never fire, because its times have passed, is refused.',
    body: ScheduleCreate,
    responses: { 201: Schedule },
    idempotent: true,
    audit: 'schedule.create',
  }),
  get: route({ ...read, path, summary: 'Read a schedule', params, responses: { 200: Schedule } }),
  update: route({
    ...write,
    method: 'PATCH',
    path,
    summary: 'Change a schedule; takes effect at once and never fires the past',
    params,
    body: ScheduleUpdate,
    responses: { 200: Schedule },
    audit: 'schedule.update',
  }),
  remove: route({
    ...write,
    method: 'DELETE',
    path,
    summary: 'Delete a schedule',
    params,
    responses: { 204: Type.Null() },
    audit: 'schedule.delete',
  }),
  pause: route({
    ...pause,
    path: `${path}/pause`,
    summary: 'Pause a schedule: its fires are recorded as skipped',
    params,
    body: strict({ reason: Type.Optional(Reason) }),
    responses: { 200: Schedule },
    audit: 'schedule.pause',
  }),
  resume: route({
    ...pause,
    path: `${path}/resume`,
    summary: 'Resume a schedule from its next fire on',
    params,
    responses: { 200: Schedule },
    audit: 'schedule.resume',
  }),
  bulk: route({
    ...pause,
    path: '/api/v1/schedules/bulk',
    summary: 'Pause or resume many schedules',
    body: strict({ schedules: Refs, action: choice(['pause', 'resume']), reason: Type.Optional(Reason) }),
    responses: { 200: BulkAnswer },
    idempotent: true,
    audit: 'schedule.bulk',
  }),
  preview: route({
    ...read,
    path: `${path}/preview`,
    summary: 'Its next fires, with the reason for each that will not run',
    params,
    query: strict(optional({ count: Type.Integer({ minimum: 1, maximum: 100, default: 10 }), from: Millis })),
    responses: { 200: Preview },
  }),
  previewDraft: route({
    access: 'read',
    tag: TAG,
    method: 'POST',
    path: '/api/v1/schedules/preview',
    summary: 'The next fires of a schedule that is not saved',
    body: ScheduleDraft,
    responses: { 200: Preview },
    unaudited: 'computes, changes nothing',
  }),
  count: route({
    ...read,
    path: `${path}/count`,
    summary: 'How many fires lie in a range: what a backfill of it would run',
    params,
    query: strict({ from: Millis, to: BackfillCreate.properties.toAt }),
    responses: { 200: FireCount },
  }),
  fires: route({
    ...read,
    path: `${path}/fires`,
    summary: 'The firing ledger: every planned fire with its outcome and reason, newest first',
    params,
    query: strict({
      ...Paging,
      ...optional({
        outcome: Fire.properties.outcome,
        from: Millis,
        to: Millis,
        backfill: Type.Integer({
          minimum: 1,
          maximum: Number.MAX_SAFE_INTEGER,
          description: 'Of this backfill; left out: live fires',
        }),
      }),
    }),
    responses: { 200: pageOf(Fire) },
  }),
  backfills: route({
    ...read,
    path: `${path}/backfills`,
    summary: 'List backfills, newest first',
    params,
    query: strict({ ...Paging, ...optional({ state: Backfill.properties.state }) }),
    responses: { 200: pageOf(Backfill) },
  }),
  createBackfill: route({
    ...write,
    method: 'POST',
    path: `${path}/backfills`,
    summary: 'Run the fires of a past range, at a rate of its own',
    params,
    body: BackfillCreate,
    responses: { 201: Backfill },
    idempotent: true,
    audit: 'backfill.create',
  }),
  cancelBackfill: route({
    ...write,
    method: 'POST',
    path: `${path}/backfills/:backfill/cancel`,
    summary: 'Stop a backfill; the runs it has started go on',
    params: backfill,
    responses: { 200: Backfill },
    audit: 'backfill.cancel',
  }),
  ...revisionRoutes({ path, param: 'schedule', tag: TAG, audit: 'schedule', view: Schedule, access: 'definition.write' }),
}
