import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { tenantRoute } from '../../app/routes.tsx'

export const dagsRoutes = [
  createRoute({
    getParentRoute: () => tenantRoute,
    path: 'dags',
    component: lazyRouteComponent(() => import('./DagsPage.tsx'), 'DagsPage'),
  }),
] as const
