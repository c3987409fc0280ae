import { createHash } from 'node:crypto'
import { canonicalDefinition, type DagDefinition } from '@carillon/core'

/** The same for definitions that mean the same, however they are written. */
export function contentHash(definition: DagDefinition): string {
  return createHash('sha256').update(canonicalDefinition(definition)).digest('hex')
}
