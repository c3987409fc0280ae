import type { DefinitionDocument } from '@carillon/contract'
import type { CarillonError } from '@carillon/core'
import { cycle } from '../downstream.ts'
import { invalidFields } from '../invalid.ts'

/** Where a document names another one of its kind that comes with it. */
interface Use {
  readonly document: DefinitionDocument
  readonly path: string
  readonly node?: string
}

export interface Circle {
  /** Of the first document of the circle, in the order of the request. */
  readonly document: DefinitionDocument
  readonly refusal: CarillonError
}

/**
 * DAGs that are parts of each other, or tasks that start each other, all among these documents. None of them is there yet when the first
 * is applied, which would say no more than that the others do not exist. What closes through others, or names itself, is found then.
 */
export function circleAmong(documents: readonly DefinitionDocument[]): Circle | null {
  const known = new Map(documents.map((document) => [`${document.kind} ${document.code}`, document]))
  const uses = new Map(documents.map((document) => [document, usesOf(document, known)]))
  const circle = findCircle(documents, uses)
  if (circle === null) return null
  const document = documents.find((each) => circle.includes(each))!
  const place = circle.indexOf(document)
  const round = [...circle.slice(place), ...circle.slice(0, place), document]
  return { document, refusal: refusalOf(round, uses.get(document)!) }
}

/** Each document is walked on from once. */
function findCircle(
  documents: readonly DefinitionDocument[],
  uses: ReadonlyMap<DefinitionDocument, readonly Use[]>,
): DefinitionDocument[] | null {
  const left = new Set<DefinitionDocument>()
  const visit = (document: DefinitionDocument, way: DefinitionDocument[]): DefinitionDocument[] | null => {
    const before = way.indexOf(document)
    if (before >= 0) return way.slice(before)
    if (left.has(document)) return null
    way.push(document)
    for (const use of uses.get(document)!) {
      const found = visit(use.document, way)
      if (found) return found
    }
    way.pop()
    left.add(document)
    return null
  }
  for (const document of documents) {
    const found = visit(document, [])
    if (found) return found
  }
  return null
}

function usesOf(document: DefinitionDocument, known: ReadonlyMap<string, DefinitionDocument>): Use[] {
  const named = (kind: string, code: string | undefined, place: Omit<Use, 'document'>): Use[] => {
    const used = known.get(`${kind} ${code}`)
    return used === undefined || used === document ? [] : [{ document: used, ...place }]
  }
  if (document.kind === 'Task')
    return (document.downstream ?? []).flatMap(({ task }) => named('Task', task, { path: '/downstream' }))
  if (document.kind !== 'Dag') return []
  return document.nodes.flatMap(({ code: node, dag }, index) => named('Dag', dag, { path: `/nodes/${index}/dag`, node }))
}

function refusalOf(round: readonly DefinitionDocument[], uses: readonly Use[]): CarillonError {
  const codes = round.map(({ code }) => code)
  if (round[0]!.kind === 'Task') return cycle(codes)
  const { path, node } = uses.find(({ document }) => document === round[1])!
  return invalidFields([
    { path, message: `leads back to this DAG: ${codes.join(' → ')}`, ...(node === undefined ? {} : { node }) },
  ])
}
