import { DEFAULT_LIMIT, type Dag, type dagRoutes } from '@carillon/contract'
import { bulk } from '../../definition/bulk.ts'
import { effectiveDagPolicies } from '../../definition/compile-dag.ts'
import {
  createDag,
  DAG,
  deleteDag,
  labelDag,
  pauseDag,
  restoreDag,
  resumeDag,
  setDagEnabled,
  updateDag,
} from '../../definition/dag.ts'
import { endGray, setGray } from '../../definition/dag-traffic.ts'
import { dags, type DagRow } from '../../storage/dag.ts'
import { activityOfTasks, type TaskActivity } from '../../storage/task.ts'
import type { Handlers } from '../context.ts'
import { bulkAction } from './bulk-action.ts'
import { activityView, answering, findObject, listRevisionsOf } from './objects.ts'

export const dagHandlers: Handlers<typeof dagRoutes> = {
  list: ({ query: { limit = DEFAULT_LIMIT, cursor, sort = 'code', ...filters } }, { read, tenantId }) =>
    read(async (tx) => {
      const page = await dags.list(tx, tenantId, { order: sort, limit, cursor, filters })
      const ids = page.items.map((dag) => dag.id)
      const activity = await activityOfTasks(tx, tenantId, ids)
      return { items: page.items.map((dag) => itemOf(dag, activity)), nextCursor: page.nextCursor }
    }),
  create: ({ body }, context) => context.change((edit) => answering(createDag(edit, body), viewOf)),
  get: async ({ params }, context) => viewOf(await findObject(context, DAG, params.dag)),
  update: ({ params, body }, context) => context.change((edit) => answering(updateDag(edit, params.dag, body), viewOf)),
  remove: ({ params }, context) => context.change((edit) => deleteDag(edit, params.dag)),
  enable: ({ params }, context) => context.change((edit) => answering(setDagEnabled(edit, params.dag, true), viewOf)),
  disable: ({ params }, context) => context.change((edit) => answering(setDagEnabled(edit, params.dag, false), viewOf)),
  pause: ({ params, body }, context) => context.change((edit) => answering(pauseDag(edit, params.dag, body.reason), viewOf)),
  resume: ({ params }, context) => context.change((edit) => answering(resumeDag(edit, params.dag), viewOf)),
  bulk: ({ body }, context) =>
    context.change((edit) =>
      bulk(
        edit,
        'dag',
        body,
        body.dags,
        bulkAction(edit, body, { setEnabled: setDagEnabled, remove: deleteDag, label: labelDag }),
      ),
    ),
  pauseMany: ({ body }, context) =>
    context.change((edit) => bulk(edit, 'dag', body, body.dags, (ref) => pauseDag(edit, ref, body.reason))),
  resumeMany: ({ body }, context) => context.change((edit) => bulk(edit, 'dag', body, body.dags, (ref) => resumeDag(edit, ref))),
  setGray: ({ params, body }, context) =>
    context.change((edit) => answering(setGray(edit, params.dag, body.number, body.percent), viewOf)),
  endGray: ({ params }, context) => context.change((edit) => answering(endGray(edit, params.dag), viewOf)),
  revisions: ({ params, query }, context) => listRevisionsOf(context, DAG, params.dag, query),
  restore: ({ params, body }, context) =>
    context.change((edit) => answering(restoreDag(edit, params.dag, body.version, body.revision), viewOf)),
}

function viewOf(row: DagRow): Dag {
  const { id, code, version, createdAt, updatedAt, name, description, owner, labels, enabled, policies, runnableBy } = row
  const { paused, pauseReason } = row
  return {
    ...{ id, code, version, createdAt, updatedAt, name, description, owner, labels, enabled, paused, pauseReason, policies },
    ...trafficOf(row),
    effective: effectiveDagPolicies(policies),
    runnableBy: runnableBy === null ? null : [...runnableBy],
  }
}

function trafficOf({ activeNumber, grayNumber, grayPercent }: DagRow): Pick<Dag, 'active' | 'gray'> {
  const gray = grayNumber === null || grayPercent === null ? null : { number: grayNumber, percent: grayPercent }
  return { active: activeNumber, gray }
}

function itemOf(row: DagRow, activity: readonly TaskActivity[]) {
  const { id, code, version, createdAt, updatedAt, name, description, owner, labels, enabled, paused, pauseReason } = row
  return {
    ...{ id, code, version, createdAt, updatedAt, name, description, owner, labels, enabled, paused, pauseReason },
    ...trafficOf(row),
    ...activityView(activity.find((found) => found.taskId === id)),
  }
}
