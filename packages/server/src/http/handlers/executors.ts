import { DEFAULT_LIMIT, type executorAdminRoutes } from '@carillon/contract'
import { bulk } from '../../definition/bulk.ts'
import type { Edit } from '../../definition/edit.ts'
import { createExecutor, deleteExecutor, setStatus, updateExecutor } from '../../definition/executor.ts'
import { noSuch } from '../../definition/versioned-object.ts'
import { findExecutor, listExecutors } from '../../storage/executor-admin.ts'
import { checkTopic, dispatchTopic } from '../../runtime/wake-hub.ts'
import { listExecutorEvents } from '../../storage/executor-event.ts'
import type { Handlers } from '../context.ts'

export const executorHandlers: Handlers<typeof executorAdminRoutes> = {
  list: ({ query: { limit = DEFAULT_LIMIT, cursor, ...filters } }, { read, tenantId }) =>
    read((tx) => listExecutors(tx, tenantId, { order: '-id', limit, cursor, filters })),
  get: async ({ params }, { read, tenantId }) => {
    const executor = await read((tx) => findExecutor(tx, tenantId, params.executor))
    if (!executor) throw noSuch('executor')
    return executor
  },
  create: async ({ body }, context) => {
    const executor = await context.changePlatform((edit) => createExecutor(edit, body))
    context.services.hub.wake(checkTopic)
    return executor
  },
  update: async ({ params, body }, context) => {
    const executor = await context.changePlatform((edit) => updateExecutor(edit, params.executor, body))
    context.services.hub.wake(checkTopic)
    // It may serve what waits.
    context.services.hub.wake(dispatchTopic)
    return executor
  },
  history: async ({ params, query: { limit = DEFAULT_LIMIT, cursor, ...filters } }, { read, tenantId }) =>
    read(async (tx) => {
      if (!(await findExecutor(tx, tenantId, params.executor))) throw noSuch('executor')
      return listExecutorEvents(tx, tenantId, { order: '-id', limit, cursor, filters: { executor: params.executor, ...filters } })
    }),
  setStatus: ({ params, body }, context) => context.change((edit) => setStatus(edit, params.executor, body.status, body.reason)),
  remove: ({ params }, context) => context.changePlatform((edit) => deleteExecutor(edit, params.executor)),
  bulk: ({ body }, context) =>
    context.changePlatform((edit) => bulk(edit, 'executor', body, body.executors, bulkAction(edit, body))),
}

const STATUS_OF = { online: 'ONLINE', maintenance: 'MAINTENANCE', drain: 'DRAINING' } as const

function bulkAction(edit: Edit, { action, reason }: { action: keyof typeof STATUS_OF | 'delete'; reason?: string }) {
  return (id: string): Promise<unknown> =>
    action === 'delete' ? deleteExecutor(edit, Number(id)) : setStatus(edit, Number(id), STATUS_OF[action], reason)
}
