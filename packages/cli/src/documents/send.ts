import {
  inDependencyOrder,
  MOST_DOCUMENTS,
  type AppliedDefinition,
  type Client,
  type DefinitionDocument,
} from '@carillon/contract'
import { CarillonError } from '@carillon/core'
import type { FoundDocument } from './read.ts'

/** Below what a server takes as one request unless its settings say otherwise. */
const MOST_BYTES = 4_000_000

/**
 * Sends documents to be applied, or to be compared; a refusal is told where it stands in the files. Each request, of `most` documents, is
 * one transaction.
 */
export async function sendDocuments(
  client: Client,
  found: readonly FoundDocument[],
  route: 'apply' | 'diff',
  most = MOST_DOCUMENTS,
): Promise<AppliedDefinition[]> {
  const items: AppliedDefinition[] = []
  for (const batch of batchesOf(found, most)) {
    const documents = batch.map(({ document }) => document)
    const answer = await client.definitions[route]({ body: { documents } }).catch((error: unknown) => {
      throw error instanceof CarillonError ? located(error, batch) : error
    })
    items.push(...answer.items)
  }
  return items
}

/** Nearly always one. More are cut so that what is referred to comes in the same batch or before. */
function batchesOf(found: readonly FoundDocument[], most: number): FoundDocument[][] {
  const size = ({ document }: FoundDocument) => Buffer.byteLength(JSON.stringify(document))
  if (found.length <= most && found.reduce((sum, each) => sum + size(each), 0) <= MOST_BYTES) return [[...found]]
  const of = new Map<DefinitionDocument, FoundDocument>(found.map((each) => [each.document, each]))
  const batches: FoundDocument[][] = []
  let bytes = Infinity
  for (const document of inDependencyOrder([...of.keys()])) {
    const each = of.get(document)!
    bytes += size(each)
    if (bytes > MOST_BYTES || batches.at(-1)!.length === most) {
      batches.push([])
      bytes = size(each)
    }
    batches.at(-1)!.push(each)
  }
  return batches
}

const IN_DOCUMENT = /^\/body\/documents\/(\d+)/

function located(error: CarillonError, batch: readonly FoundDocument[]): CarillonError {
  const problems = error.problems.map((problem) => {
    const index = IN_DOCUMENT.exec(problem.path)?.[1]
    const found = index === undefined ? undefined : batch[Number(index)]
    return found ? { ...problem, path: `${found.where(problem.path.replace(IN_DOCUMENT, ''))}:` } : problem
  })
  const { kind, code } = (error.extra['document'] ?? {}) as Partial<DefinitionDocument>
  const what = kind === undefined ? 'A definition' : `The ${kind} ${code}`
  const detail = problems.length > 0 ? `${what} is not valid. Nothing has been changed.` : error.message
  return new CarillonError(error.code, detail, { problems, extra: error.extra })
}
