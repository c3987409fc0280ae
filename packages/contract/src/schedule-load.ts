import Type, { type Static } from 'typebox'
import { Id, Millis } from './executor-protocol.ts'
import { route } from './route.ts'
import { Timezone, nullable, optional, strict } from './schema.ts'

/** The last hours of time itself have no end that could be told. */
const LATEST_FROM = 8_640_000_000_000_000 - 48 * 3_600_000

/** When schedules are going to fire: the map on which one sees that everything begins at midnight. */
export const ScheduleLoad = strict({
  from: { ...Millis, description: 'The beginning of the first minute' },
  to: Millis,
  minutes: Type.Array(Type.Integer(), {
    description:
      'Planned fires of each minute, oldest first; jitter moves some of them. A fixed delay fires when its run has ended, which nobody knows',
  }),
  schedules: Type.Integer({ description: 'That were looked at; paused ones are not' }),
  more: Type.Boolean({ description: 'There are more schedules, or more fires, than are looked at: the true numbers are higher' }),
  peaks: Type.Array(
    strict({
      at: Millis,
      count: Type.Integer(),
      schedules: Type.Array(strict({ id: Id, code: Type.String() }), { description: 'Some of those that fire then' }),
    }),
    { description: 'The fullest minutes, fullest first' },
  ),
  quietest: nullable(
    Type.Integer({ description: 'The minute of the hour (0 to 59, UTC) with the fewest fires: where the next one is welcome' }),
  ),
})
export type ScheduleLoad = Static<typeof ScheduleLoad>

const Day = Type.String({ pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$', description: 'YYYY-MM-DD, local' })

const FiringSchedule = strict({
  id: Id,
  code: Type.String(),
  fires: Type.Integer({ description: 'On that day, without those that a calendar leaves out' }),
  atLeast: Type.Boolean({ description: 'It fires more often than is counted of one schedule and day' }),
  firstAt: { ...Millis, description: 'Its first fire of the day; of what is left out where nothing else is' },
  excluded: Type.Integer({ description: 'Fires that a calendar leaves out' }),
  calendar: nullable(Type.String({ description: 'The code of one that does' })),
})

/** Which schedules fire on which day. */
export const ScheduleDays = strict({
  timezone: Type.String({ description: 'Whose days these are' }),
  days: Type.Array(
    strict({
      day: Day,
      from: Millis,
      to: Millis,
      fires: Type.Integer({
        description: 'Planned fires; what lies behind stands in the firing ledgers and is not counted here',
      }),
      atLeast: Type.Boolean({ description: 'Of some schedule there are more than are counted' }),
      schedules: Type.Integer({ description: 'That fire, or would but for a calendar' }),
      items: Type.Array(FiringSchedule, {
        description: 'At most 100 of them, those that fire seldom first: what fires all day is no news of a day',
      }),
    }),
  ),
  schedules: Type.Integer({ description: 'That were looked at; paused ones are not' }),
  more: Type.Boolean({ description: 'There are more schedules, or more fires, than are looked at: the true numbers are higher' }),
})
export type ScheduleDays = Static<typeof ScheduleDays>

export const scheduleLoadRoutes = {
  days: route({
    method: 'GET',
    path: '/api/v1/schedules/load/days',
    access: 'read',
    tag: 'Schedules',
    summary: 'Which schedules fire on which of the next days',
    query: strict(
      optional({
        from: { ...Day, description: 'The first day, YYYY-MM-DD; today unless given' },
        days: Type.Integer({ minimum: 1, maximum: 42, default: 31 }),
        timezone: { ...Timezone, default: 'UTC' },
      }),
    ),
    responses: { 200: ScheduleDays },
  }),
  get: route({
    method: 'GET',
    path: '/api/v1/schedules/load',
    access: 'read',
    tag: 'Schedules',
    summary: 'How many fires are planned for each minute of the next hours',
    query: strict(
      optional({
        from: Type.Integer({ minimum: 0, maximum: LATEST_FROM, description: 'Now unless given' }),
        hours: Type.Integer({ minimum: 1, maximum: 48, default: 24 }),
      }),
    ),
    responses: { 200: ScheduleLoad },
  }),
}
