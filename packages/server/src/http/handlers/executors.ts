import { DEFAULT_LIMIT, type executorAdminRoutes, type ExecutorDetail, type ExecutorFigures } from '@carillon/contract'
import { bulk } from '../../definition/bulk.ts'
import type { Edit } from '../../definition/edit.ts'
import { createExecutor, createXxlJobExecutor, deleteExecutor, setStatus, updateExecutor } from '../../definition/executor.ts'
import { noSuch } from '../../definition/versioned-object.ts'
import { findExecutor, listExecutors } from '../../storage/executor-admin.ts'
import { checkTopic, dispatchTopic } from '../../runtime/wake-hub.ts'
import { selectFigures, type FiguresRow, type Outcomes } from '../../storage/executor-figures.ts'
import { listExecutorEvents } from '../../storage/executor-event.ts'
import type { Handlers } from '../context.ts'

export const executorHandlers: Handlers<typeof executorAdminRoutes> = {
  list: ({ query: { limit = DEFAULT_LIMIT, cursor, ...filters } }, { read, tenantId }) =>
    read((tx) => listExecutors(tx, tenantId, { order: '-id', limit, cursor, filters })),
  get: async ({ params }, { read, tenantId }) => {
    const found = await read(async (tx) => {
      const executor = await findExecutor(tx, tenantId, params.executor)
      if (!executor) return null
      const ids = { appId: executor.app.id, executorId: executor.id }
      return { executor, rows: await selectFigures(tx, tenantId, ids, Object.values(PERIODS)) }
    })
    if (!found) throw noSuch('executor')
    const { executor, rows } = found
    return { ...executor, load: executor.running / executor.capacity, figures: figuresOf(rows) }
  },
  create: async ({ body }, context) => {
    const executor = await context.changePlatform((edit) => createExecutor(edit, body))
    context.services.hub.wake(checkTopic)
    return executor
  },
  createXxlJob: async ({ body }, context) => {
    const { vault, hub } = context.services
    const executor = await context.changePlatform((edit) => createXxlJobExecutor(edit, vault, body))
    hub.wake(checkTopic)
    return executor
  },
  update: async ({ params, body }, context) => {
    const { vault } = context.services
    const executor = await context.changePlatform((edit) => updateExecutor(edit, vault, params.executor, body))
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

/** In days. */
const PERIODS = { day: 1, week: 7, quarter: 90 } as const

const NONE: Outcomes = { succeeded: 0, failed: 0, timedOut: 0, cancelled: 0, lost: 0 }

function figuresOf(rows: readonly FiguresRow[]): ExecutorDetail['figures'] {
  const within = (days: number): ExecutorFigures => {
    const of = (app: boolean): Outcomes => rows.find((row) => row.days === days && row.ofApp === app) ?? NONE
    const { succeeded, failed, timedOut, cancelled, lost } = of(false)
    const [all, app] = [endedOf(of(false)), endedOf(of(true))]
    return {
      ...{ succeeded, failed, timedOut, cancelled, lost },
      successRate: all === cancelled ? null : succeeded / (all - cancelled),
      share: app === 0 ? null : all / app,
    }
  }
  return { day: within(PERIODS.day), week: within(PERIODS.week), quarter: within(PERIODS.quarter) }
}

const endedOf = ({ succeeded, failed, timedOut, cancelled, lost }: Outcomes) => succeeded + failed + timedOut + cancelled + lost

const STATUS_OF = { online: 'ONLINE', maintenance: 'MAINTENANCE', drain: 'DRAINING', offline: 'OFFLINE' } as const

function bulkAction(edit: Edit, { action, reason }: { action: keyof typeof STATUS_OF | 'delete'; reason?: string }) {
  return (id: string): Promise<unknown> =>
    action === 'delete' ? deleteExecutor(edit, Number(id)) : setStatus(edit, Number(id), STATUS_OF[action], reason)
}
