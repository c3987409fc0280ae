import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { tenantRoute } from '../../app/routes.tsx'
import { textSearch } from '../../app/search.ts'

export const overviewRoutes = [
  createRoute({
    getParentRoute: () => tenantRoute,
    path: '/',
    validateSearch: textSearch('range'),
    component: lazyRouteComponent(() => import('./OverviewPage.tsx'), 'OverviewPage'),
  }),
] as const
