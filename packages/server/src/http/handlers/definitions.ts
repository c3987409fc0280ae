import {
  DEFAULT_LIMIT,
  definitionDocumentSchema,
  type AppliedDefinition,
  type DefinitionDocument,
  type definitionRoutes,
} from '@carillon/contract'
import { applyDocuments, DOCUMENTS } from '../../definition/documents/apply.ts'
import type { Context, Handlers } from '../context.ts'

export const definitionHandlers: Handlers<typeof definitionRoutes> = {
  async apply({ body: { documents } }, context) {
    requireRights(context, documents)
    const { days, lifecycle } = context.services
    const answer = await days.withFireDays((requireDays) =>
      context.change((edit) => applyDocuments({ ...edit, requireDays }, documents)),
    )
    // After an edit a schedule may be due sooner than firing means to look.
    lifecycle.wakeFiring()
    return answer
  },
  async diff({ body: { documents } }, context) {
    requireRights(context, documents)
    const { days, db, limits } = context.services
    const { tenantId, principal } = context
    return days.withFireDays(async (requireDays) => {
      const found = { items: [] as AppliedDefinition[] }
      const edit = { tenantId, principal: principal.name, role: principal.role, limits, requireDays }
      await db
        .tenant(tenantId, async (tx) => {
          found.items = (await applyDocuments({ tx, ...edit }, documents)).answer.items
          throw ROLL_BACK
        })
        .catch((error: unknown) => {
          if (error !== ROLL_BACK) throw error
        })
      return found
    })
  },
  schema: async () => definitionDocumentSchema(),
  export: ({ query: { kind, limit = DEFAULT_LIMIT, cursor, code } }, { read, tenantId }) =>
    read((tx) => DOCUMENTS[kind].list(tx, tenantId, { limit, cursor, code })),
}

const ROLL_BACK = new Error('What a diff has done is taken back.')

/** Apps are a matter of their own right, and the document of one takes it too. */
function requireRights(context: Context, documents: readonly DefinitionDocument[]): void {
  if (documents.some(({ kind }) => kind === 'App')) context.require('app.write')
}
