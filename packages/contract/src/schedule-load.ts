import Type, { type Static } from 'typebox'
import { Id, Millis } from './executor-protocol.ts'
import { route } from './route.ts'
import { nullable, optional, strict } from './schema.ts'

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

export const scheduleLoadRoutes = {
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
