import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { platformRoute } from '../../app/routes.tsx'

export const tenantsRoutes = [
  createRoute({
    getParentRoute: () => platformRoute,
    path: 'tenants',
    component: lazyRouteComponent(() => import('./TenantsPage.tsx'), 'TenantsPage'),
  }),
] as const
