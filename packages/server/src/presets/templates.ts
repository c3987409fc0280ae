import type { DefinitionDocument } from '@carillon/contract'
import { secretNamesIn } from '@carillon/core'
import { PUSH } from './templates/push.ts'
import { REPORT } from './templates/report.ts'
import { SYNC } from './templates/sync.ts'

/**
 * A DAG with its tasks that the platform offers in every tenant. It lives in the product, so nobody changes it; a tenant takes a copy,
 * which is its own from then on.
 */
export interface DagTemplate {
  readonly code: string
  readonly name: string
  readonly description: string
  /** What stands at the beginning of its documents' codes, for which a copy has its own code. */
  readonly prefix: string
  readonly documents: readonly DefinitionDocument[]
}

export const TEMPLATES: readonly DagTemplate[] = [
  {
    code: 'platform.message-push',
    name: 'Message push',
    description: 'Reads recipients from a database and sends each an e-mail and a message in the inbox, batch by batch',
    prefix: 'push.',
    documents: PUSH,
  },
  {
    code: 'platform.report',
    name: 'Report',
    description: 'Queries a database, computes, renders a document, and delivers it as a file, by e-mail and to a webhook',
    prefix: 'report.',
    documents: REPORT,
  },
  {
    code: 'platform.synchronisation',
    name: 'Data synchronisation',
    description: 'Copies a table into another database in shards, then counts what is there',
    prefix: 'sync.',
    documents: SYNC,
  },
]

/** Secrets that a copy needs. */
export function secretsOf({ documents }: DagTemplate): string[] {
  return secretNamesIn(documents).toSorted()
}

/** Its documents as another's: the DAG has the code, its tasks the code and what follows the template's prefix. */
export function documentsFor({ documents, prefix }: DagTemplate, code: string, name: string | undefined): DefinitionDocument[] {
  const renamed = (old: string) => `${code}.${old.slice(prefix.length)}`
  return documents.map((document) => {
    if (document.kind !== 'Dag') return { ...document, code: renamed(document.code) }
    const nodes = document.nodes.map((node) => (node.task === undefined ? node : { ...node, task: renamed(node.task) }))
    return { ...document, code, nodes, ...(name !== undefined && { name }) }
  })
}
