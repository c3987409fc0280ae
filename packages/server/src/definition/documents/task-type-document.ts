import type { TaskTypeDocument } from '@carillon/contract'
import { taskTypes, type TaskTypeFields, type TaskTypeRow } from '../../storage/task-type.ts'
import { createTaskType, updateTaskType } from '../task-type.ts'
import { documentKind, wholePolicies } from './document-kind.ts'

export const taskTypeDocuments = documentKind<TaskTypeDocument, TaskTypeRow, TaskTypeFields>({
  kind: 'TaskType',
  table: taskTypes,
  exported: { shared: false },
  defaults: (code) => ({ name: code, description: '', settings: {}, defaults: {}, labels: {}, enabled: true, shared: false }),
  switches: ['enabled'],
  documentsOf: async (_tx, _tenantId, rows) =>
    rows.map(({ code, name, description, kind, appCode, settings, paramsSchema, defaults, labels, enabled, shared }) => ({
      ...{ kind: 'TaskType', code, name, description, work: kind, settings, defaults, labels, enabled, shared },
      ...(appCode === null ? {} : { app: appCode }),
      ...(paramsSchema === null ? {} : { paramsSchema }),
    })),
  create: (edit, { kind: _, work, ...body }) => createTaskType(edit, { ...body, kind: work }),
  update: (edit, { code, version, defaults: before }, { kind: _, work, app = null, paramsSchema = null, defaults, ...body }) =>
    updateTaskType(edit, code, {
      ...{ version, ...body, kind: work, app, paramsSchema },
      defaults: wholePolicies(before, defaults),
    }),
})
