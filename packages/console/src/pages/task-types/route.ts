import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { tenantRoute } from '../../app/routes.tsx'
import { textSearch } from '../../app/search.ts'

export const taskTypesRoutes = [
  createRoute({
    getParentRoute: () => tenantRoute,
    path: 'task-types',
    validateSearch: textSearch('q', 'kind', 'app', 'shared', 'enabled'),
    component: lazyRouteComponent(() => import('./TaskTypesPage.tsx'), 'TaskTypesPage'),
  }),
  createRoute({
    getParentRoute: () => tenantRoute,
    path: 'task-types/$type',
    validateSearch: textSearch('tab'),
    component: lazyRouteComponent(() => import('./TaskTypePage.tsx'), 'TaskTypePage'),
  }),
] as const
