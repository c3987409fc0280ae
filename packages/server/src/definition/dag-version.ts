import { isDeepStrictEqual } from 'node:util'
import type { DagVersionCreate, DagVersionUpdate } from '@carillon/contract'
import { CarillonError, type DagDefinition, type FieldProblem } from '@carillon/core'
import { dags, nextVersionNumber, type DagRow } from '../storage/dag.ts'
import {
  deleteDraft,
  findDefinitions,
  findVersion,
  insertDraft,
  lockVersion,
  rewriteDraft,
  type DagVersionRow,
} from '../storage/dag-version.ts'
import type { Transaction } from '../storage/database.ts'
import { definitionProblems, overrideProblems, refuseProblems } from './check-dag.ts'
import { contentHash } from './content-hash.ts'
import { DAG } from './dag.ts'
import { findReferences } from './dag-references.ts'
import type { Change, Edit } from './edit.ts'
import { assertMayRefer } from './secret.ts'
import { lockObject, noSuch } from './versioned-object.ts'

const EMPTY: DagDefinition = { nodes: [], edges: [] }

export async function createVersion(edit: Edit, ref: string, body: DagVersionCreate): Promise<Change<DagVersionRow>> {
  const dag = await lockObject(edit, DAG, ref)
  const definition = (body.definition as DagDefinition | undefined) ?? (await copied(edit, dag, body.copyOf))
  if (body.definition)
    await assertMayRefer(edit, changedParts(definition, await activeDefinition(edit, dag)), null, '/body/definition')
  if (body.definition && !body.incomplete) await checkDraft(edit, dag, definition)
  const row = await insertDraft(edit.tx, edit.tenantId, {
    ...{ dagId: dag.id, number: await nextVersionNumber(edit.tx, edit.tenantId, dag.id), base: body.copyOf ?? dag.activeNumber },
    ...{ definition, contentHash: contentHash(definition), note: body.note ?? '', createdBy: edit.principal },
  })
  return { answer: row, object: objectOf(row), before: null, after: imageOf(row) }
}

/** Nodes that are left as they were may go on referring to what they do, whoever edits the others. */
function changedParts(after: DagDefinition, before: DagDefinition | undefined): unknown {
  const kept = new Map(before?.nodes.map((node) => [node.code, node]))
  const { nodes, ...rest } = after
  const { nodes: _, ...restBefore } = before ?? EMPTY
  return [
    nodes.filter((node) => !isDeepStrictEqual(node, kept.get(node.code))),
    isDeepStrictEqual(rest, restBefore) ? null : rest,
  ]
}

/** The version whose nodes may stay as they are in the next one. */
async function activeDefinition({ tx, tenantId }: Edit, { activeVersionId: id }: DagRow): Promise<DagDefinition | undefined> {
  return id === null ? undefined : (await findDefinitions(tx, tenantId, [id])).get(id)
}

async function copied(edit: Edit, dag: DagRow, number: number | undefined): Promise<DagDefinition> {
  return number === undefined ? EMPTY : (await findVersionOf(edit.tx, edit.tenantId, dag, number)).definition
}

export async function updateVersion(
  edit: Edit,
  ref: string,
  number: number,
  { revision, definition, note, incomplete = false }: DagVersionUpdate,
): Promise<Change<DagVersionRow>> {
  const { dag, draft } = await lockDraft(edit, ref, number, revision)
  const wanted = (definition as DagDefinition | undefined) ?? draft.definition
  if (definition && !incomplete) await checkDraft(edit, dag, wanted)
  return rewriteVersion(edit, draft, wanted, note ?? draft.note)
}

export async function deleteVersion(edit: Edit, ref: string, number: number): Promise<Change<undefined>> {
  const { draft } = await lockDraft(edit, ref, number, undefined)
  await deleteDraft(edit.tx, edit.tenantId, draft.id)
  return { answer: undefined, object: objectOf(draft), before: imageOf(draft), after: null }
}

/** What keeps a version from being activated; paths lead into its definition. */
export async function versionProblems(
  edit: Pick<Edit, 'tx' | 'tenantId' | 'role' | 'limits'>,
  dag: DagRow,
  definition: DagDefinition,
): Promise<FieldProblem[]> {
  const references = await findReferences(edit.tx, edit.tenantId, [definition], { hold: false })
  const problems = definitionProblems(definition, references, { code: dag.code, schemaBytes: edit.limits.schemaBytes })
  return [...problems, ...(await overrideProblems(edit, definition, references))]
}

export async function findDagVersion(
  tx: Transaction,
  tenantId: number,
  ref: string,
  number: number,
): Promise<{ dag: DagRow; version: DagVersionRow }> {
  const dag = await dags.find(tx, tenantId, ref)
  if (!dag) throw noSuch('DAG')
  return { dag, version: await findVersionOf(tx, tenantId, dag, number) }
}

async function findVersionOf(tx: Transaction, tenantId: number, dag: DagRow, number: number): Promise<DagVersionRow> {
  const version = await findVersion(tx, tenantId, dag.id, number)
  if (!version) throw noSuchVersion(number)
  return version
}

export function noSuchVersion(number: number, which = ''): CarillonError {
  return new CarillonError('NOT_FOUND', `There is no version ${number} of this DAG${which && ` ${which}`}.`)
}

export async function lockDraft(
  edit: Edit,
  ref: string,
  number: number,
  revision: number | undefined,
): Promise<{ dag: DagRow; draft: DagVersionRow }> {
  const dag = await dags.hold(edit.tx, edit.tenantId, ref)
  if (!dag) throw noSuch('DAG')
  const draft = await lockVersion(edit.tx, edit.tenantId, dag.id, number)
  if (!draft) throw noSuchVersion(number)
  if (draft.state !== 'DRAFT')
    throw new CarillonError(
      'STATE_CONFLICT',
      `Version ${number} has been active and does not change any more. Copy it to a new draft.`,
      { extra: { state: draft.state } },
    )
  if (revision !== undefined) assertRevision(draft, revision)
  return { dag, draft }
}

export function assertRevision(draft: DagVersionRow, revision: number): void {
  if (draft.revision === revision) return
  throw new CarillonError(
    'VERSION_CONFLICT',
    `You changed revision ${revision} of this draft, but ${draft.revision} is the newest. Read it and try again.`,
    { extra: { yourVersion: revision, currentVersion: draft.revision } },
  )
}

export async function checkDraft(edit: Edit, dag: DagRow, definition: DagDefinition): Promise<void> {
  refuseProblems(await versionProblems(edit, dag, definition), '/body/definition')
}

export async function rewriteVersion(
  edit: Edit,
  draft: DagVersionRow,
  definition: DagDefinition,
  note: string,
): Promise<Change<DagVersionRow>> {
  // Who may activate a draft need not be who wrote it: what it may refer to is settled here.
  if (definition !== draft.definition)
    await assertMayRefer(edit, changedParts(definition, draft.definition), null, '/body/definition')
  const hash = definition === draft.definition ? draft.contentHash : contentHash(definition)
  const row = await rewriteDraft(edit.tx, edit.tenantId, draft.id, { definition, contentHash: hash, note })
  return { answer: row, object: objectOf(row), before: imageOf(draft), after: imageOf(row) }
}

const objectOf = ({ id }: DagVersionRow) => ({ kind: 'dag_version', id })

/** For the audit trail, which keeps everything for ever: what a version holds is known by its hash. */
export function imageOf({ definition: _, planId: __, ...head }: DagVersionRow) {
  return head
}
