import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { tenantRoute } from '../../app/routes.tsx'

export const taskTypesRoutes = [
  createRoute({
    getParentRoute: () => tenantRoute,
    path: 'task-types',
    component: lazyRouteComponent(() => import('./TaskTypesPage.tsx'), 'TaskTypesPage'),
  }),
] as const
