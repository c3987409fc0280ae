import Type, { type Static } from 'typebox'
import { INSTANCE_STATES } from '@carillon/core'
import { bulkAnswerOf } from './bulk.ts'
import { Id } from './executor-protocol.ts'
import { Instance, InstanceFilter } from './instance.ts'
import { Estimate } from './overview.ts'
import { ERROR_CODES } from './problem.ts'
import { route } from './route.ts'
import { choice, nullable, optional, strict } from './schema.ts'

/** As for runs (`run-bulk.ts`): first the preview, then part by part. What it is done to are nodes of DAGs; the run of a task is a run. */
export const INSTANCE_ACTIONS = ['cancel', 'skip', 'retry', 'run'] as const
export type InstanceAction = (typeof INSTANCE_ACTIONS)[number]

/** Instances that one call works on: each is a transaction of its own. */
export const INSTANCE_BULK_PART = 100

const Action = choice(INSTANCE_ACTIONS, 'run: what waits for time, of tasks too')
const Filter = strict(optional(InstanceFilter))

export const InstanceBulkPreview = strict({
  matches: { ...Estimate, description: 'Instances that match and to which this can be done' },
  others: { ...Estimate, description: 'Instances that match, but to which it cannot be done as they are' },
  states: Type.Array(strict({ state: choice(INSTANCE_STATES), count: Type.Integer() })),
  otherStates: Type.Array(strict({ state: choice(INSTANCE_STATES), count: Type.Integer() }), {
    description: 'Of those that are left alone, as far as counted: together with the action it says why',
  }),
  sample: Type.Array(Instance, { description: 'The newest of them' }),
  upTo: nullable(
    Type.Integer({ description: 'Identifier of the newest; to be given when it is done. null: there is nothing to do' }),
  ),
})
export type InstanceBulkPreview = Static<typeof InstanceBulkPreview>

export const InstanceResult = strict({
  instanceId: Id,
  ok: Type.Boolean(),
  ...optional({ runId: Id, newInstanceId: Id, code: choice(ERROR_CODES), detail: Type.String() }),
})
export type InstanceResult = Static<typeof InstanceResult>

export const instanceBulkRoutes = {
  preview: route({
    method: 'POST',
    path: '/api/v1/instances/bulk/preview',
    access: 'read',
    tag: 'Instances',
    summary: 'What would be done to which of all task instances that match',
    body: strict({ action: Action, filter: Filter }),
    responses: { 200: InstanceBulkPreview },
    unaudited: 'looks, changes nothing',
  }),
  act: route({
    method: 'POST',
    path: '/api/v1/instances/bulk',
    access: 'run.control',
    tag: 'Instances',
    summary: 'Cancel, skip, run again or run now all nodes that match, newest first',
    description: `At most ${INSTANCE_BULK_PART} a call; go on with \`nextCursor\` until it is null. Running again also needs the permission run.trigger. Each is done, and audited, by itself.`,
    body: strict({
      action: Action,
      filter: Filter,
      upTo: { ...Id, description: 'Of the preview' },
      cursor: Type.Optional(Type.String({ maxLength: 500, description: '`nextCursor` of the part before' })),
    }),
    responses: { 200: strict({ ...bulkAnswerOf(InstanceResult).properties, nextCursor: nullable(Type.String()) }) },
    audit: 'instance.bulk',
  }),
}
