import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { tenantRoute } from '../../app/routes.tsx'
import { textSearch } from '../../app/search.ts'

export const tasksRoutes = [
  createRoute({
    getParentRoute: () => tenantRoute,
    path: 'tasks',
    validateSearch: textSearch('q', 'type', 'owner', 'enabled', 'label', 'run'),
    component: lazyRouteComponent(() => import('./TasksPage.tsx'), 'TasksPage'),
  }),
  createRoute({
    getParentRoute: () => tenantRoute,
    path: 'tasks/$task',
    validateSearch: textSearch('tab'),
    component: lazyRouteComponent(() => import('./TaskPage.tsx'), 'TaskPage'),
  }),
] as const
