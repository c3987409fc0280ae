import type { TaskType, taskTypeRoutes } from '@carillon/contract'
import { KINDS } from '../../definition/kinds/index.ts'
import {
  copyTaskType,
  createTaskType,
  deleteTaskType,
  restoreTaskType,
  TASK_TYPE,
  updateTaskType,
} from '../../definition/task-type.ts'
import { selectAllowedKinds } from '../../storage/tenant.ts'
import type { TaskTypeRow } from '../../storage/task-type.ts'
import { PLATFORM_TENANT } from '../../storage/app.ts'
import type { Context, Handlers } from '../context.ts'
import { answering, findObject, listObjects, listRevisionsOf } from './objects.ts'

const KIND_VIEWS = [...KINDS.values()].map(({ name, app, settings, fromParams = false }) => ({
  name,
  app,
  settings: { ...settings },
  fromParams,
}))

export const taskTypeHandlers: Handlers<typeof taskTypeRoutes> = {
  list: ({ query }, context) => listObjects(context, TASK_TYPE, query, viewOf),
  create: ({ body }, context) => context.change((edit) => answering(createTaskType(edit, body), viewOf)),
  get: async ({ params }, context) => viewOf(await findObject(context, TASK_TYPE, params.type)),
  update: ({ params, body }, context) => changeOf(context)((edit) => answering(updateTaskType(edit, params.type, body), viewOf)),
  remove: ({ params }, context) => changeOf(context)((edit) => deleteTaskType(edit, params.type)),
  copy: ({ params, body }, context) =>
    context.change((edit) => answering(copyTaskType(edit, params.type, body.code, body.name), viewOf)),
  kinds: async (_, { read, tenantId }) => {
    const allowed = await read((tx) => selectAllowedKinds(tx, tenantId))
    return { items: KIND_VIEWS.filter(({ name }) => allowed === null || allowed.includes(name)) }
  },
  revisions: ({ params, query }, context) => listRevisionsOf(context, TASK_TYPE, params.type, query),
  restore: ({ params, body }, context) =>
    changeOf(context)((edit) => answering(restoreTaskType(edit, params.type, body.version, body.revision), viewOf)),
}

/** Tasks of a type of the platform stand in every tenant, which only the engine sees. */
function changeOf(context: Context): Context['change'] {
  return context.tenantId === PLATFORM_TENANT ? context.changePlatform : context.change
}

function viewOf({ appId, appTenantId: _, appCode, ...row }: TaskTypeRow): TaskType {
  return { ...row, app: appId === null ? null : { id: appId, code: appCode ?? '' } }
}
