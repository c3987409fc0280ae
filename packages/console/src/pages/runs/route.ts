import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { tenantRoute } from '../../app/routes.tsx'
import { textSearch } from '../../app/search.ts'

export const runsRoutes = [
  createRoute({
    getParentRoute: () => tenantRoute,
    path: 'runs',
    validateSearch: textSearch('state', 'origin', 'task', 'dag', 'schedule', 'param', 'from', 'to'),
    component: lazyRouteComponent(() => import('./RunsPage.tsx'), 'RunsPage'),
  }),
  createRoute({
    getParentRoute: () => tenantRoute,
    path: 'runs/$run',
    validateSearch: textSearch('view', 'fold', 'node', 'attempt', 'panel', 'line', 'q', 'level'),
    component: lazyRouteComponent(() => import('./RunPage.tsx'), 'RunPage'),
  }),
] as const
