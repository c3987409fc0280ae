import { routes } from '@carillon/contract'
import type { FastifyInstance } from 'fastify'
import { createApp, type AppOptions, type RouteGroup } from './app.ts'
import type { Handlers } from './context.ts'
import { taskHandlers } from './handlers/tasks.ts'
import { taskTypeHandlers } from './handlers/task-types.ts'

/** What answers each route of the contract; a route without its line here does not compile. */
const handlers: { readonly [Name in keyof typeof routes]: Handlers<(typeof routes)[Name]> } = {
  taskTypes: taskTypeHandlers,
  tasks: taskHandlers,
}

/** The REST API as an HTTP server. `more`: groups of routes of other protocols (the executors'). */
export function createApi(options: Omit<AppOptions, 'groups'>, more: readonly RouteGroup[] = []): FastifyInstance {
  const groups = Object.entries(routes).map(([name, group]) => ({
    name,
    routes: group,
    handlers: handlers[name as keyof typeof routes],
  }))
  return createApp({ ...options, groups: [...(groups as unknown as RouteGroup[]), ...more] })
}
