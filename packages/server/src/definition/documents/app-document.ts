import type { AppDocument } from '@carillon/contract'
import { apps, type AppFields, type AppRow } from '../../storage/app.ts'
import { createApp, updateApp } from '../app.ts'
import { documentKind } from './document-kind.ts'

export const appDocuments = documentKind<AppDocument, AppRow, AppFields>({
  kind: 'App',
  table: apps,
  defaults: (code) => ({ name: code, description: '', shared: false, paused: false, ratePerSecond: null, capacity: [] }),
  switches: ['paused'],
  documentsOf: async (_tx, _tenantId, rows) =>
    rows.map(({ code, name, description, shared, paused, ratePerSecond, capacity }) => ({
      kind: 'App',
      ...{ code, name, description, shared, paused, ratePerSecond, capacity: [...capacity] },
    })),
  create: (edit, { kind: _, ...body }) => createApp(edit, body),
  update: (edit, { code, version }, { kind: _, ...body }) => updateApp(edit, code, { version, ...body }),
})
