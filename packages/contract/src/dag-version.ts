import Type, { type Static } from 'typebox'
import { DAG_VERSION_STATES } from '@carillon/core'
import { VersionNumber } from './dag.ts'
import { DagDefinition } from './dag-definition.ts'
import { Id, Millis } from './executor-protocol.ts'
import { Paging, pageOf } from './paging.ts'
import { FieldProblem } from './problem.ts'
import { route } from './route.ts'
import { Ref, choice, nullable, optional, strict } from './schema.ts'

const TAG = 'DAG versions'

const State = choice(DAG_VERSION_STATES)
const Note = Type.String({ maxLength: 2000, description: 'What is new in this version' })

const head = {
  id: Id,
  number: VersionNumber,
  state: State,
  revision: Type.Integer({ description: 'Of a draft: rises with each edit' }),
  contentHash: Type.String({ description: 'Two versions of one hash mean the same' }),
  note: Type.String(),
  nodeCount: Type.Integer(),
  createdBy: Type.String(),
  createdAt: Millis,
  updatedAt: Millis,
  activatedAt: nullable(Millis),
  activatedBy: nullable(Type.String()),
}

/** A version without its definition, as in lists. */
export const DagVersionHead = strict(head)
export type DagVersionHead = Static<typeof DagVersionHead>

export const DagVersion = strict({ ...head, definition: DagDefinition })
export type DagVersion = Static<typeof DagVersion>

/** Drafts may be kept with their problems on the way; then only activation insists. */
export const Incomplete = Type.Boolean({
  default: false,
  description: 'Keep it although the definition is not valid yet; it cannot be activated before it is',
})

export const DagVersionCreate = strict(
  optional({
    definition: DagDefinition,
    copyOf: VersionNumber,
    note: Note,
    incomplete: Incomplete,
  }),
)
export type DagVersionCreate = Static<typeof DagVersionCreate>

export const DraftRevision = Type.Integer({
  minimum: 1,
  maximum: 2_147_483_647,
  description: 'The revision of the draft you have read; the write is refused when it is no longer the newest',
})

export const DagVersionUpdate = strict({
  revision: DraftRevision,
  ...optional({ definition: DagDefinition, note: Note, incomplete: Incomplete }),
})
export type DagVersionUpdate = Static<typeof DagVersionUpdate>

const Validity = strict({ valid: Type.Boolean(), problems: Type.Array(FieldProblem) })

const dag = strict({ dag: Ref })
const params = strict({ dag: Ref, number: VersionNumber })
const path = '/api/v1/dags/:dag/versions'
const one = `${path}/:number`
const write = { access: 'definition.write', tag: TAG } as const
const read = { method: 'GET', access: 'read', tag: TAG } as const

export const dagVersionRoutes = {
  list: route({
    ...read,
    path,
    summary: 'List the versions of a DAG, newest first',
    params: dag,
    query: strict({ ...Paging, ...optional({ state: State }) }),
    responses: { 200: pageOf(DagVersionHead) },
  }),
  create: route({
    ...write,
    method: 'POST',
    path,
    summary: 'Create a draft: from a definition, as a copy of another version, or empty',
    params: dag,
    body: DagVersionCreate,
    responses: { 201: DagVersion },
    idempotent: true,
    audit: 'dag_version.create',
  }),
  get: route({ ...read, path: one, summary: 'Read a version', params, responses: { 200: DagVersion } }),
  update: route({
    ...write,
    method: 'PATCH',
    path: one,
    summary: 'Replace the definition or the note of a draft',
    description: 'A version that has been active does not change any more; copy it to a new draft.',
    params,
    body: DagVersionUpdate,
    responses: { 200: DagVersion },
    audit: 'dag_version.update',
  }),
  remove: route({
    ...write,
    method: 'DELETE',
    path: one,
    summary: 'Delete a draft',
    params,
    responses: { 204: Type.Null() },
    audit: 'dag_version.delete',
  }),
  validate: route({
    access: 'read',
    tag: TAG,
    method: 'POST',
    path: `${one}/validate`,
    summary: 'Whether a version could be activated now, and what is wrong with it if not',
    params,
    responses: { 200: Validity },
    unaudited: 'reads, changes nothing',
  }),
  activate: route({
    ...write,
    method: 'POST',
    path: `${one}/activate`,
    summary: 'Make a version the one that runs use: a draft, or an archived one to roll back',
    description:
      'The version that was active is archived, a gray release ends. Runs under way keep the version they started with.',
    params,
    body: strict(optional({ revision: DraftRevision })),
    responses: { 200: DagVersion },
    audit: 'dag_version.activate',
  }),
  archive: route({
    ...write,
    method: 'POST',
    path: `${one}/archive`,
    summary: 'Take a version out of traffic; without an active one, runs that name no version are refused',
    params,
    responses: { 200: DagVersion },
    audit: 'dag_version.archive',
  }),
}
