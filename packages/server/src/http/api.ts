import { routes } from '@carillon/contract'
import type { FastifyInstance } from 'fastify'
import { createApp, type AppOptions, type RouteGroup } from './app.ts'
import type { Handlers } from './context.ts'
import { appHandlers } from './handlers/apps.ts'
import { auditHandlers } from './handlers/audit.ts'
import { calendarHandlers } from './handlers/calendars.ts'
import { dagTemplateHandlers } from './handlers/dag-templates.ts'
import { dagHandlers } from './handlers/dags.ts'
import { dagNodeHandlers } from './handlers/dag-nodes.ts'
import { dagVersionHandlers } from './handlers/dag-versions.ts'
import { definitionHandlers } from './handlers/definitions.ts'
import { eventHandlers } from './handlers/events.ts'
import { executorHandlers } from './handlers/executors.ts'
import { instanceHandlers } from './handlers/instances.ts'
import { metaHandlers } from './handlers/meta.ts'
import { overviewHandlers } from './handlers/overview.ts'
import { runHandlers } from './handlers/runs.ts'
import { scheduleHandlers } from './handlers/schedules.ts'
import { schedulerHandlers } from './handlers/scheduler.ts'
import { secretHandlers } from './handlers/secrets.ts'
import { sessionHandlers, sessionListHandlers } from './handlers/sessions.ts'
import { taskHandlers } from './handlers/tasks.ts'
import { taskTypeHandlers } from './handlers/task-types.ts'
import { tenantHandlers } from './handlers/tenants.ts'
import { tokenHandlers } from './handlers/tokens.ts'
import { memberHandlers, userHandlers } from './handlers/users.ts'

/** What answers each route of the contract; a route without its line here does not compile. */
const handlers: { readonly [Name in keyof typeof routes]: Handlers<(typeof routes)[Name]> } = {
  taskTypes: taskTypeHandlers,
  tasks: taskHandlers,
  schedules: scheduleHandlers,
  calendars: calendarHandlers,
  dagTemplates: dagTemplateHandlers,
  dags: dagHandlers,
  dagVersions: dagVersionHandlers,
  dagNodes: dagNodeHandlers,
  definitions: definitionHandlers,
  runs: runHandlers,
  instances: instanceHandlers,
  events: eventHandlers,
  apps: appHandlers,
  executors: executorHandlers,
  tenants: tenantHandlers,
  users: userHandlers,
  members: memberHandlers,
  session: sessionHandlers,
  sessions: sessionListHandlers,
  tokens: tokenHandlers,
  secrets: secretHandlers,
  audit: auditHandlers,
  scheduler: schedulerHandlers,
  overview: overviewHandlers,
  meta: metaHandlers,
}

/** The REST API as an HTTP server. `more`: groups of routes of other protocols (the executors'). */
export function createApi(options: Omit<AppOptions, 'groups'>, more: readonly RouteGroup[] = []): FastifyInstance {
  const groups = Object.entries(routes).map(([name, group]) => ({
    name,
    routes: group,
    handlers: handlers[name as keyof typeof routes],
  }))
  return createApp({ ...options, groups: [...groups, ...more] })
}
