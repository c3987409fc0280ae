import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { tenantRoute } from '../../app/routes.tsx'

export const appsRoutes = [
  createRoute({
    getParentRoute: () => tenantRoute,
    path: 'apps',
    component: lazyRouteComponent(() => import('./AppsPage.tsx'), 'AppsPage'),
  }),
] as const
