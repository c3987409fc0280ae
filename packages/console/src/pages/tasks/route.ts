import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { tenantRoute } from '../../app/routes.tsx'

export const tasksRoutes = [
  createRoute({
    getParentRoute: () => tenantRoute,
    path: 'tasks',
    component: lazyRouteComponent(() => import('./TasksPage.tsx'), 'TasksPage'),
  }),
] as const
