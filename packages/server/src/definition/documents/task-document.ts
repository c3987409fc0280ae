import type { TaskDocument } from '@carillon/contract'
import { tasks, type TaskFields, type TaskRow } from '../../storage/task.ts'
import { createTask, updateTask } from '../task.ts'
import { documentKind, wholePolicies } from './document-kind.ts'

export const taskDocuments = documentKind<TaskDocument, TaskRow, TaskFields>({
  kind: 'Task',
  table: tasks,
  defaults: (code) => ({
    ...{ name: code, description: '', owner: '', params: {}, policies: {}, environment: {}, labels: {} },
    ...{ runnableBy: null, enabled: true, downstream: [] },
  }),
  switches: ['enabled'],
  documentsOf: async (_tx, _tenantId, rows) => rows.map(documentOf),
  // The order in which downstream tasks are written means nothing, and an outcome that is left out is SUCCESS. The number is given when the task
  // first runs, so a document that does not say it means the one that there is.
  settle: ({ downstream = [], ...wanted }, before) => ({
    ...(before?.xxlJobId === undefined ? {} : { xxlJobId: before.xxlJobId }),
    ...wanted,
    downstream: downstream
      .map(({ task, outcomes = ['SUCCESS'] }) => ({ task, outcomes }))
      .toSorted((a, b) => (a.task < b.task ? -1 : 1)),
  }),
  create: (edit, { kind: _, ...body }) => createTask(edit, body),
  update: (edit, { code, version, policies: before }, { kind: _, policies, ...body }) =>
    updateTask(edit, code, { version, ...body, policies: wholePolicies(before, policies) }),
})

function documentOf(row: TaskRow): TaskDocument {
  const { code, name, description, owner, typeCode, params, policies, environment, labels, runnableBy, enabled, xxlJobId } = row
  return {
    ...{ kind: 'Task', code, name, description, owner, type: typeCode, params, policies, environment, labels, enabled },
    runnableBy: runnableBy === null ? null : [...runnableBy],
    ...(xxlJobId === null ? {} : { xxlJobId }),
    downstream: row.downstream
      .map((each) => ({ task: each.code, outcomes: [...each.outcomes] }))
      .toSorted((a, b) => (a.task < b.task ? -1 : 1)),
  }
}
