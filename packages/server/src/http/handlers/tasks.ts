import { DEFAULT_LIMIT, type EffectivePolicies, type Task, type taskRoutes } from '@carillon/contract'
import { bulk } from '../../definition/bulk.ts'
import { resolvePolicies } from '../../definition/policies.ts'
import {
  copyTask,
  createTask,
  deleteTask,
  labelTask,
  restoreTask,
  setTaskEnabled,
  TASK,
  updateTask,
} from '../../definition/task.ts'
import { activityOfTasks, tasks, type TaskActivity, type TaskRow } from '../../storage/task.ts'
import type { Handlers } from '../context.ts'
import { bulkAction } from './bulk-action.ts'
import { activityView, answering, findObject, listRevisionsOf } from './objects.ts'

const ACTIONS = { setEnabled: setTaskEnabled, remove: deleteTask, label: labelTask }

export const taskHandlers: Handlers<typeof taskRoutes> = {
  list: ({ query: { limit = DEFAULT_LIMIT, cursor, sort = 'code', ...filters } }, { read, tenantId }) =>
    read(async (tx) => {
      const page = await tasks.list(tx, tenantId, { order: sort, limit, cursor, filters })
      const ids = page.items.map((task) => task.id)
      const activity = await activityOfTasks(tx, tenantId, ids)
      return { items: page.items.map((task) => itemOf(task, activity)), nextCursor: page.nextCursor }
    }),
  create: ({ body }, context) => context.change((edit) => answering(createTask(edit, body), viewOf)),
  get: async ({ params }, context) => viewOf(await findObject(context, TASK, params.task)),
  update: ({ params, body }, context) => context.change((edit) => answering(updateTask(edit, params.task, body), viewOf)),
  remove: ({ params }, context) => context.change((edit) => deleteTask(edit, params.task)),
  enable: ({ params }, context) => context.change((edit) => answering(setTaskEnabled(edit, params.task, true), viewOf)),
  disable: ({ params }, context) => context.change((edit) => answering(setTaskEnabled(edit, params.task, false), viewOf)),
  copy: ({ params, body }, context) =>
    context.change((edit) => answering(copyTask(edit, params.task, body.code, body.name), viewOf)),
  bulk: ({ body }, context) => context.change((edit) => bulk(edit, 'task', body, body.tasks, bulkAction(edit, body, ACTIONS))),
  revisions: ({ params, query }, context) => listRevisionsOf(context, TASK, params.task, query),
  restore: ({ params, body }, context) =>
    context.change((edit) => answering(restoreTask(edit, params.task, body.version, body.revision), viewOf)),
}

function viewOf({ typeId, typeCode, typeKind, typeDefaults, typeShared: _, planId: __, downstream, ...row }: TaskRow): Task {
  return {
    ...row,
    runnableBy: row.runnableBy === null ? null : [...row.runnableBy],
    type: { id: typeId, code: typeCode, kind: typeKind },
    effective: resolvePolicies(typeDefaults, row.policies),
    downstream: downstream.map(({ taskId, code, outcomes }) => ({ task: { id: taskId, code }, outcomes: [...outcomes] })),
  }
}

function itemOf(task: TaskRow, activity: readonly TaskActivity[]) {
  const { id, code, version, createdAt, updatedAt, name, description, owner, labels, enabled, typeId, typeCode, typeKind } = task
  return {
    ...{ id, code, version, createdAt, updatedAt, name, description, owner, labels, enabled },
    type: { id: typeId, code: typeCode, kind: typeKind },
    executors: executorsOf(resolvePolicies(task.typeDefaults, task.policies)),
    ...activityView(activity.find((found) => found.taskId === id)),
  }
}

const executorsOf = ({ route }: EffectivePolicies): string[] | null =>
  typeof route === 'string' ? null : (route.executors?.map(({ instance }) => instance) ?? null)
