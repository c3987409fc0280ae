import Type, { type Static } from 'typebox'
import { DAG_VERSION_STATES, FINAL_INSTANCE_STATES, FINAL_RUN_STATES, MOST_ELEMENTS, MOST_NODES } from '@carillon/core'
import { VersionNumber } from './dag.ts'
import { DagDefinition, DagEdge, DagNode, LONGEST_WAIT_MS, NodeCode } from './dag-definition.ts'
import { DefinitionChange } from './definitions.ts'
import { Id, Millis } from './executor-protocol.ts'
import { Paging, pageOf } from './paging.ts'
import { FieldProblem } from './problem.ts'
import { route } from './route.ts'
import { JsonObject, Ref, choice, dictionary, nullable, optional, strict } from './schema.ts'

const TAG = 'DAG versions'

const State = choice(DAG_VERSION_STATES)
const Note = Type.String({ maxLength: 2000, description: 'What is new in this version' })

const head = {
  id: Id,
  number: VersionNumber,
  base: nullable(
    Type.Integer({ description: 'The version that it departed from: the one it copies, or the active one when it was made' }),
  ),
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

const Fields = Type.Array(DefinitionChange, { description: 'By JSON pointer into the node, the edge or the definition' })

/** What turns one version into another. Defaults that are written out and the order of nodes and edges are no difference. */
export const DagVersionDiff = strict({
  from: VersionNumber,
  to: VersionNumber,
  same: Type.Boolean({ description: 'Whether both mean the same; nodes that are only drawn elsewhere do not count' }),
  text: Type.String({ description: 'For people: lines with + for what is new, - for what is gone, ~ for what is changed' }),
  nodes: strict({
    added: Type.Array(DagNode),
    removed: Type.Array(DagNode),
    changed: Type.Array(strict({ code: NodeCode, fields: Fields })),
    moved: Type.Array(NodeCode, { description: 'Drawn elsewhere' }),
  }),
  edges: strict({
    added: Type.Array(DagEdge),
    removed: Type.Array(DagEdge),
    changed: Type.Array(strict({ from: NodeCode, to: NodeCode, fields: Fields })),
  }),
  fields: Fields,
})
export type DagVersionDiff = Static<typeof DagVersionDiff>

const DryRunOutcome = strict(
  optional({
    state: choice(['SUCCESS', 'FAILED', 'TIMEOUT', 'CANCELLED', 'LOST'], 'SUCCESS unless given'),
    output: Type.Unknown(),
    error: Type.Unknown(),
    durationMs: Type.Integer({ minimum: 0, maximum: LONGEST_WAIT_MS, description: '0 unless given; a wait takes its own time' }),
  }),
)

/** A run as it would go: how its nodes are to end is said, what follows from that is the answer. */
export const DryRun = strict(
  optional({
    params: JsonObject,
    fireAt: Millis,
    key: nullable(Type.String({ maxLength: 200 })),
    outcomes: dictionary(
      { maxLength: 63 },
      Type.Union([DryRunOutcome, Type.Array(DryRunOutcome, { maxItems: MOST_ELEMENTS })]),
      MOST_NODES,
    ),
  }),
)
export type DryRun = Static<typeof DryRun>

const DryRunResult = strict({
  state: choice(FINAL_RUN_STATES),
  output: Type.Unknown(),
  outputProblem: nullable(
    Type.String({ description: 'Why there is no output although the definition has one; the run has failed then' }),
  ),
  endedAt: Millis,
  nodes: Type.Array(
    strict({
      code: NodeCode,
      state: choice(FINAL_INSTANCE_STATES),
      skippedBecause: nullable(choice(['UPSTREAM_FAILED', 'CONDITION', 'DONE'])),
      params: Type.Unknown({ description: 'As computed; of a fan-out one for each element. null: it was skipped' }),
      problems: Type.Array(FieldProblem, {
        description:
          "Where these parameters do not fit the schema of the node's task, the first ten; of a fan-out the path begins with the element's place",
      }),
      output: Type.Unknown(),
      error: Type.Unknown(),
      startedAt: nullable(Millis),
      endedAt: Millis,
    }),
    { description: 'In the order in which they end' },
  ),
})

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
    query: strict({ ...Paging, ...optional({ state: State, createdBy: Type.String({ maxLength: 300 }) }) }),
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
  diff: route({
    ...read,
    path: `${one}/diff`,
    summary: 'What turns another version into this one, as data and as text',
    params,
    query: strict({ from: VersionNumber }),
    responses: { 200: DagVersionDiff },
  }),
  dryRun: route({
    access: 'read',
    tag: TAG,
    method: 'POST',
    path: `${one}/dry-run`,
    summary: 'Run a version in virtual time with outcomes that are given: nothing is started',
    description:
      'A node without an outcome succeeds with the output null; of a fan-out a list has one for each element. Sub-DAGs, approvals and events are nodes as any other.',
    params,
    body: DryRun,
    responses: { 200: DryRunResult },
    unaudited: 'computes, changes nothing',
  }),
  activate: route({
    ...write,
    method: 'POST',
    path: `${one}/activate`,
    summary: 'Make a version the one that runs use: a draft, or an archived one to roll back',
    description:
      'The version that was active is archived, a gray release ends. Runs under way keep the version they started with.',
    params,
    body: strict(
      optional({
        revision: DraftRevision,
        over: nullable(
          Type.Integer({
            minimum: 1,
            maximum: 2_147_483_647,
            description:
              'The version that is active as far as you know, null: none. Refused when another one has become so meanwhile',
          }),
        ),
      }),
    ),
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
