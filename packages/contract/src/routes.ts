import { appRoutes } from './app.ts'
import { auditRoutes } from './audit.ts'
import { calendarRoutes } from './calendar.ts'
import { dagTemplateRoutes } from './dag-template.ts'
import { dagRoutes } from './dag.ts'
import { dagNodeRoutes } from './dag-node.ts'
import { dagVersionRoutes } from './dag-version.ts'
import { definitionRoutes } from './definitions.ts'
import { eventRoutes } from './event.ts'
import { executorAdminRoutes } from './executor.ts'
import { instanceRoutes } from './instance.ts'
import { metaRoutes } from './meta.ts'
import { overviewRoutes } from './overview.ts'
import type { Route } from './route.ts'
import { runRoutes } from './run.ts'
import { scheduleRoutes } from './schedule.ts'
import { schedulerRoutes } from './scheduler.ts'
import { secretRoutes } from './secret.ts'
import { sessionListRoutes, sessionRoutes } from './session.ts'
import { taskRoutes } from './task.ts'
import { taskTypeRoutes } from './task-type.ts'
import { tenantRoutes } from './tenant.ts'
import { tokenRoutes } from './token.ts'
import { memberRoutes, userRoutes } from './user.ts'

/** Every route of the API, by resource. The executor protocol and callbacks stand apart (`executorRoutes`, `callbackRoutes`). */
export const routes = {
  taskTypes: taskTypeRoutes,
  tasks: taskRoutes,
  schedules: scheduleRoutes,
  calendars: calendarRoutes,
  dagTemplates: dagTemplateRoutes,
  dags: dagRoutes,
  dagVersions: dagVersionRoutes,
  dagNodes: dagNodeRoutes,
  definitions: definitionRoutes,
  runs: runRoutes,
  instances: instanceRoutes,
  events: eventRoutes,
  apps: appRoutes,
  executors: executorAdminRoutes,
  tenants: tenantRoutes,
  users: userRoutes,
  members: memberRoutes,
  sessions: sessionListRoutes,
  session: sessionRoutes,
  tokens: tokenRoutes,
  secrets: secretRoutes,
  audit: auditRoutes,
  scheduler: schedulerRoutes,
  overview: overviewRoutes,
  meta: metaRoutes,
} as const satisfies Record<string, Record<string, Route>>

export type Routes = typeof routes
