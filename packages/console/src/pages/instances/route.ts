import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { tenantRoute } from '../../app/routes.tsx'
import { textSearch } from '../../app/search.ts'

export const instancesRoutes = [
  createRoute({
    getParentRoute: () => tenantRoute,
    path: 'instances',
    validateSearch: textSearch('state', 'task', 'dag', 'run', 'executor', 'from', 'to'),
    component: lazyRouteComponent(() => import('./InstancesPage.tsx'), 'InstancesPage'),
  }),
] as const
