import { createRouter } from '@tanstack/react-router'
import { appsRoutes } from '../pages/apps/route.ts'
import { auditRoutes } from '../pages/audit/route.ts'
import { calendarsRoutes } from '../pages/calendars/route.ts'
import { dagsRoutes } from '../pages/dags/route.ts'
import { executorsRoutes } from '../pages/executors/route.ts'
import { homeRoute } from '../pages/home/route.ts'
import { instancesRoutes } from '../pages/instances/route.ts'
import { meRoute } from '../pages/me/route.ts'
import { membersRoutes } from '../pages/members/route.ts'
import { nodesRoutes } from '../pages/nodes/route.ts'
import { overviewRoutes } from '../pages/overview/route.ts'
import { platformRoutes } from '../pages/platform/route.ts'
import { runsRoutes } from '../pages/runs/route.ts'
import { schedulesRoutes } from '../pages/schedules/route.ts'
import { secretsRoutes } from '../pages/secrets/route.ts'
import { signInRoute } from '../pages/sign-in/route.ts'
import { taskTypesRoutes } from '../pages/task-types/route.ts'
import { tasksRoutes } from '../pages/tasks/route.ts'
import { tenantsRoutes } from '../pages/tenants/route.ts'
import { tokensRoutes } from '../pages/tokens/route.ts'
import { usersRoutes } from '../pages/users/route.ts'
import { Crash } from './Crash.tsx'
import { platformRoute, rootRoute, tenantRoute } from './routes.tsx'
import { parseSearch, stringifySearch } from './search.ts'

/** Every page. A page's folder lists its own addresses; what they load is a chunk of its own. */
const routeTree = rootRoute.addChildren([
  homeRoute,
  signInRoute,
  meRoute,
  tenantRoute.addChildren([
    ...overviewRoutes,
    ...runsRoutes,
    ...instancesRoutes,
    ...schedulesRoutes,
    ...dagsRoutes,
    ...tasksRoutes,
    ...taskTypesRoutes,
    ...executorsRoutes,
    ...appsRoutes,
    ...auditRoutes,
    ...calendarsRoutes,
    ...secretsRoutes,
    ...tokensRoutes,
    ...membersRoutes,
  ]),
  platformRoute.addChildren([...platformRoutes, ...nodesRoutes, ...tenantsRoutes, ...usersRoutes]),
])

export const router = createRouter({
  routeTree,
  parseSearch,
  stringifySearch,
  defaultErrorComponent: Crash,
  scrollRestoration: true,
  // What a link leads to is fetched while the pointer is on its way.
  defaultPreload: 'intent',
  defaultPreloadStaleTime: 0,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
