import type { Client, DefinitionDocument, DocumentKind } from '@carillon/contract'

/** Every definition of a kind, page by page. */
export async function exportKind(client: Client, kind: DocumentKind): Promise<DefinitionDocument[]> {
  const documents: DefinitionDocument[] = []
  let cursor: string | undefined
  do {
    const page = await client.definitions.export({ query: { kind, limit: 200, ...(cursor === undefined ? {} : { cursor }) } })
    documents.push(...page.items)
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
  return documents
}

/** One definition; null where the object cannot be said by a document (a DAG of which no version is active). */
export async function exportOne(client: Client, kind: DocumentKind, code: string): Promise<DefinitionDocument | null> {
  return (await client.definitions.export({ query: { kind, code } })).items[0] ?? null
}
