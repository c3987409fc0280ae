import Type, { type Static } from 'typebox'
import { RUN_STATES } from '@carillon/core'
import { bulkAnswerOf } from './bulk.ts'
import { Id } from './executor-protocol.ts'
import { Estimate } from './overview.ts'
import { Retry, Run, RunFilter, RunResult } from './run.ts'
import { route } from './route.ts'
import { choice, nullable, optional, strict } from './schema.ts'

/**
 * The same to all runs that match a filter. First the preview, which also says where "all" ends: runs that come later are never touched. Then part
 * by part, each run answered by itself, until there is no `nextCursor`: whoever calls can show how far it is, and stop.
 */
export const RUN_ACTIONS = ['cancel', 'pause', 'resume', 'retry'] as const
export type RunAction = (typeof RUN_ACTIONS)[number]

/** Runs that one call works on. */
export const BULK_PART = 200

const Action = choice(RUN_ACTIONS, 'retry: of ended runs that have not been run again yet')
const Filter = strict(optional(RunFilter))

export const RunBulkPreview = strict({
  matches: { ...Estimate, description: 'Runs that match and to which this can be done' },
  others: { ...Estimate, description: 'Runs that match, but to which it cannot be done as they are: they are left alone' },
  states: Type.Array(strict({ state: choice(RUN_STATES), count: Type.Integer() }), {
    description: 'Of those that it is done to, as far as counted',
  }),
  otherStates: Type.Array(strict({ state: choice(RUN_STATES), count: Type.Integer() }), {
    description: 'Of those that are left alone, as far as counted: together with the action it says why',
  }),
  sample: Type.Array(Run, { description: 'The newest of them' }),
  upTo: nullable(
    Type.Integer({ description: 'Identifier of the newest; to be given when it is done. null: there is nothing to do' }),
  ),
})
export type RunBulkPreview = Static<typeof RunBulkPreview>

export const runBulkRoutes = {
  preview: route({
    method: 'POST',
    path: '/api/v1/runs/bulk/preview',
    access: 'read',
    tag: 'Runs',
    summary: 'What would be done to which of all runs that match',
    body: strict({ action: Action, filter: Filter }),
    responses: { 200: RunBulkPreview },
    unaudited: 'looks, changes nothing',
  }),
  act: route({
    method: 'POST',
    path: '/api/v1/runs/bulk',
    access: 'run.control',
    tag: 'Runs',
    summary: 'Cancel, pause, resume or run again all runs that match, newest first',
    description: `At most ${BULK_PART} a call; go on with \`nextCursor\` until it is null. Running again also needs the permission run.trigger. A part may be sent twice: what was done is not done again.`,
    body: strict({
      action: Action,
      filter: Filter,
      upTo: { ...Id, description: 'Of the preview' },
      cursor: Type.Optional(Type.String({ maxLength: 500, description: '`nextCursor` of the part before' })),
      from: Type.Optional(Retry.properties.from),
    }),
    responses: { 200: strict({ ...bulkAnswerOf(RunResult).properties, nextCursor: nullable(Type.String()) }) },
    audit: 'run.bulk',
  }),
}
