import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { tenantRoute } from '../../app/routes.tsx'

export const executorsRoutes = [
  createRoute({
    getParentRoute: () => tenantRoute,
    path: 'executors',
    component: lazyRouteComponent(() => import('./ExecutorsPage.tsx'), 'ExecutorsPage'),
  }),
] as const
