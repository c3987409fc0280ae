import { inDependencyOrder, type AppliedDefinition, type DefinitionDocument, type DocumentKind as Kind } from '@carillon/contract'
import { CarillonError } from '@carillon/core'
import { lockDagUses } from '../../storage/dag-use.ts'
import type { Change } from '../edit.ts'
import { invalid } from '../invalid.ts'
import { recompileVersionsUsing } from '../recompile-dags.ts'
import type { ScheduleEdit } from '../settle-overdue.ts'
import { appDocuments } from './app-document.ts'
import { calendarDocuments } from './calendar-document.ts'
import { circleAmong } from './circles.ts'
import { dagDocuments } from './dag-document.ts'
import { differences } from './differences.ts'
import type { DocumentKind } from './document-kind.ts'
import { scheduleDocuments } from './schedule-document.ts'
import { taskDocuments } from './task-document.ts'
import { taskTypeDocuments } from './task-type-document.ts'

export const DOCUMENTS: Readonly<Record<Kind, DocumentKind>> = {
  App: appDocuments,
  TaskType: taskTypeDocuments,
  Task: taskDocuments,
  Calendar: calendarDocuments,
  Dag: dagDocuments,
  Schedule: scheduleDocuments,
}

/**
 * Makes what the documents say so: all of it, or, where one is refused, nothing. What is so already is not touched; so applying
 * the same documents again changes nothing.
 */
export async function applyDocuments(
  edit: ScheduleEdit,
  documents: readonly DefinitionDocument[],
): Promise<Change<{ items: AppliedDefinition[] }>> {
  refuseTwice(documents)
  refuseCircle(documents)
  // Before any DAG is locked, as where one is activated or deleted by itself, so that these cannot wait for each other.
  if (documents.some(({ kind }) => kind === 'Dag')) await lockDagUses(edit.tx, edit.tenantId)
  const touched = new Set<number>()
  // DAGs follow edits of their tasks once, at the end: one that no longer fits may be mended by a later document.
  const collecting = { ...edit, replanned: touched }
  const applied = new Map<DefinitionDocument, AppliedDefinition>()
  for (const document of inDependencyOrder(documents))
    applied.set(document, await telling(documents.indexOf(document), document, () => applyOne(collecting, document)))
  await recompileVersionsUsing(edit, [...touched])
  const items = documents.map((document) => applied.get(document)!)
  const summary = items.map(({ kind, code, outcome }) => ({ kind, code, outcome }))
  return { answer: { items }, object: { kind: 'definitions', id: null }, before: null, after: { items: summary } }
}

async function applyOne(edit: ScheduleEdit, document: DefinitionDocument): Promise<AppliedDefinition> {
  const { kind, code } = document
  const { find, complete, create } = DOCUMENTS[kind]
  const present = await find(edit, code)
  // A note is not kept with the rest, but the version that is made gets it.
  const wanted = complete(document, present?.document ?? null)
  const given = document.kind === 'Dag' && document.note !== undefined ? { ...wanted, note: document.note } : wanted
  if (!present) {
    await create(edit, given as DefinitionDocument)
    return { kind, code, outcome: 'CREATED', changes: [] }
  }
  const changes = differences(present.document, wanted)
  if (changes.length === 0) return { kind, code, outcome: 'UNCHANGED', changes }
  await present.update(given as DefinitionDocument)
  return { kind, code, outcome: 'CHANGED', changes }
}

function refuseTwice(documents: readonly DefinitionDocument[]): void {
  const seen = new Map<string, number>()
  for (const [index, { kind, code }] of documents.entries()) {
    const before = seen.get(`${kind} ${code}`)
    if (before !== undefined)
      throw invalid(`/body/documents/${index}/code`, `names the ${kind} ${code}, as /body/documents/${before} does already`)
    seen.set(`${kind} ${code}`, index)
  }
}

function refuseCircle(documents: readonly DefinitionDocument[]): void {
  const circle = circleAmong(documents)
  if (circle) throw told(documents.indexOf(circle.document), circle.document, circle.refusal)
}

async function telling<T>(index: number, document: DefinitionDocument, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof CarillonError ? told(index, document, error) : error
  }
}

/** A refusal says of which document it is, and where in it. */
function told(index: number, document: DefinitionDocument, error: CarillonError): CarillonError {
  const problems = error.problems.map((problem) => ({ ...problem, path: pathIn(index, document, problem.path) }))
  const extra = { ...error.extra, document: { index, kind: document.kind, code: document.code } }
  return new CarillonError(error.code, `${document.kind} ${document.code}: ${error.message}`, { problems, extra })
}

/** What the object's own routes call it, as the document does. */
function pathIn(index: number, { kind }: DefinitionDocument, path: string): string {
  const inside = path.replace(/^\/body/, '').replace(/^\/definition/, '')
  return `/body/documents/${index}${kind === 'TaskType' && inside === '/kind' ? '/work' : inside}`
}
