import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { tenantRoute } from '../../app/routes.tsx'
import { textSearch } from '../../app/search.ts'

export const executorsRoutes = [
  createRoute({
    getParentRoute: () => tenantRoute,
    path: 'executors',
    validateSearch: textSearch('q', 'app', 'status', 'health'),
    component: lazyRouteComponent(() => import('./ExecutorsPage.tsx'), 'ExecutorsPage'),
  }),
  createRoute({
    getParentRoute: () => tenantRoute,
    path: 'executors/$executor',
    validateSearch: textSearch('tab'),
    component: lazyRouteComponent(() => import('./ExecutorPage.tsx'), 'ExecutorPage'),
  }),
] as const
