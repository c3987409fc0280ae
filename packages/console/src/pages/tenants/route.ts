import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { platformRoute } from '../../app/routes.tsx'
import { textSearch } from '../../app/search.ts'

export const tenantsRoutes = [
  createRoute({
    getParentRoute: () => platformRoute,
    path: 'tenants',
    validateSearch: textSearch('q', 'state'),
    component: lazyRouteComponent(() => import('./TenantsPage.tsx'), 'TenantsPage'),
  }),
] as const
