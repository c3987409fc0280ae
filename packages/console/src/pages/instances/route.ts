import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { tenantRoute } from '../../app/routes.tsx'

export const instancesRoutes = [
  createRoute({
    getParentRoute: () => tenantRoute,
    path: 'instances',
    component: lazyRouteComponent(() => import('./InstancesPage.tsx'), 'InstancesPage'),
  }),
] as const
