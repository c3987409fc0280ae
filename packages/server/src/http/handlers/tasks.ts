import { DEFAULT_LIMIT, type Task, type taskRoutes } from '@carillon/contract'
import { bulk } from '../../definition/bulk.ts'
import type { Edit } from '../../definition/edit.ts'
import { invalid } from '../../definition/invalid.ts'
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
import { answering, findObject, listRevisionsOf } from './objects.ts'

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
  bulk: ({ body }, context) => context.change((edit) => bulk(edit, 'task', body, body.tasks, bulkAction(edit, body))),
  revisions: ({ params, query }, context) => listRevisionsOf(context, TASK, params.task, query),
  restore: ({ params, body }, context) =>
    context.change((edit) => answering(restoreTask(edit, params.task, body.version, body.revision), viewOf)),
}

interface BulkBody {
  readonly action: 'enable' | 'disable' | 'delete' | 'label'
  readonly labels?: Record<string, string | null>
}

function bulkAction(edit: Edit, { action, labels }: BulkBody): (ref: string) => Promise<unknown> {
  switch (action) {
    case 'enable':
    case 'disable':
      return (ref) => setTaskEnabled(edit, ref, action === 'enable')
    case 'delete':
      return (ref) => deleteTask(edit, ref)
    case 'label':
      if (!labels) throw invalid('/body/labels', 'is required for the action label')
      return (ref) => labelTask(edit, ref, labels)
  }
}

function viewOf({ typeId, typeCode, typeKind, typeDefaults, planId: _, downstream, ...row }: TaskRow): Task {
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
  const found = activity.find((row) => row.taskId === id)
  return {
    ...{ id, code, version, createdAt, updatedAt, name, description, owner, labels, enabled },
    type: { id: typeId, code: typeCode, kind: typeKind },
    nextFireAt: found?.nextFireAt ?? null,
    lastRun: lastRunOf(found),
  }
}

function lastRunOf(activity: TaskActivity | undefined) {
  if (!activity || activity.runId === null || activity.state === null || activity.createdAt === null) return null
  return { id: activity.runId, state: activity.state, createdAt: activity.createdAt, endedAt: activity.endedAt }
}
