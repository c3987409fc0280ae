import type { appRoutes, AppView } from '@carillon/contract'
import { APP, createApp, deleteApp, restoreApp, updateApp } from '../../definition/app.ts'
import { PLATFORM_TENANT, type AppRow } from '../../storage/app.ts'
import type { Handlers } from '../context.ts'
import { answering, findObject, listObjects, listRevisionsOf } from './objects.ts'

export const appHandlers: Handlers<typeof appRoutes> = {
  list: ({ query }, context) => listObjects(context, APP, query, viewOf),
  create: ({ body }, context) => context.change((edit) => answering(createApp(edit, body), viewOf)),
  get: async ({ params }, context) => viewOf(await findObject(context, APP, params.app)),
  update: ({ params, body }, context) => context.change((edit) => answering(updateApp(edit, params.app, body), viewOf)),
  // An app of the platform may be used by task types of every tenant, which only the engine sees.
  remove: ({ params }, context) => {
    const change = context.tenantId === PLATFORM_TENANT ? context.changePlatform : context.change
    return change((edit) => deleteApp(edit, params.app))
  },
  revisions: ({ params, query }, context) => listRevisionsOf(context, APP, params.app, query),
  restore: ({ params, body }, context) =>
    context.change((edit) => answering(restoreApp(edit, params.app, body.version, body.revision), viewOf)),
}

function viewOf(row: AppRow): AppView {
  return { ...row, capacity: [...row.capacity] }
}
