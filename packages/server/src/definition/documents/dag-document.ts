import type { DagDefinitionView, DagDocument } from '@carillon/contract'
import { withoutDefaults, type DagDefinition } from '@carillon/core'
import { findDefinitions } from '../../storage/dag-version.ts'
import { dags, type DagFields, type DagRow } from '../../storage/dag.ts'
import { activateVersion } from '../dag-traffic.ts'
import { createVersion } from '../dag-version.ts'
import { createDag, updateDag } from '../dag.ts'
import type { Edit } from '../edit.ts'
import { differences } from './differences.ts'
import { documentKind, wholePolicies } from './document-kind.ts'

export const dagDocuments = documentKind<DagDocument, DagRow, DagFields>({
  kind: 'Dag',
  table: dags,
  exported: { active: true },
  defaults: (code) => ({
    ...{ name: code, description: '', owner: '', policies: {}, labels: {}, runnableBy: null, enabled: true },
    edges: [],
  }),
  switches: ['enabled'],
  async documentsOf(tx, tenantId, rows) {
    const ids = rows.flatMap(({ activeVersionId }) => (activeVersionId === null ? [] : [activeVersionId]))
    const definitions = await findDefinitions(tx, tenantId, ids)
    return rows.map((row) => documentOf(row, definitions.get(row.activeVersionId ?? 0) as DagDefinitionView | undefined))
  },
  // A note belongs to the version that it was written for, and is no difference; nor is a default that is written out.
  settle(wanted) {
    const { fields, definition } = partsOf(wanted)
    return { kind: 'Dag', code: wanted.code, ...fields, ...concise(definition) }
  },
  async create(edit, wanted) {
    const { fields, definition } = partsOf(wanted)
    await createDag(edit, { code: wanted.code, ...fields })
    await release(edit, wanted, definition)
  },
  async update(edit, row, wanted, before) {
    const [now, then] = [partsOf(wanted), partsOf(before)]
    const { policies, ...fields } = now.fields
    if (differences(then.fields, now.fields).length > 0)
      await updateDag(edit, row.code, { version: row.version, ...fields, policies: wholePolicies(row.policies, policies) })
    if (differences(then.definition, now.definition).length > 0) await release(edit, wanted, now.definition)
  },
})

/** A definition that differs is a new version, and takes all traffic. */
async function release(edit: Edit, { code, note = '' }: DagDocument, definition: DagDefinitionView): Promise<void> {
  // Activation insists on what a draft may still lack.
  const { answer } = await createVersion(edit, code, { definition, note, incomplete: true })
  await activateVersion(edit, code, answer.number)
}

function partsOf({ kind: _, code: __, note: ___, ...rest }: DagDocument) {
  const { nodes, edges = [], params, paramsSchema, output, timeoutMs, ...fields } = rest
  const optional = Object.entries({ params, paramsSchema, output, timeoutMs }).filter(([, value]) => value !== undefined)
  return { fields, definition: { nodes, edges, ...Object.fromEntries(optional) } as DagDefinitionView }
}

function documentOf(row: DagRow, definition: DagDefinitionView = { nodes: [], edges: [] }): DagDocument {
  const { code, name, description, owner, policies, labels, runnableBy, enabled } = row
  return {
    ...{ kind: 'Dag', code, name, description, owner, policies, labels, enabled },
    runnableBy: runnableBy === null ? null : [...runnableBy],
    ...concise(definition),
  }
}

function concise(definition: DagDefinitionView): DagDefinitionView {
  return withoutDefaults(definition as DagDefinition) as DagDefinitionView
}
