import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { tenantRoute } from '../../app/routes.tsx'
import { textSearch } from '../../app/search.ts'

export const appsRoutes = [
  createRoute({
    getParentRoute: () => tenantRoute,
    path: 'apps',
    validateSearch: textSearch('q'),
    component: lazyRouteComponent(() => import('./AppsPage.tsx'), 'AppsPage'),
  }),
  createRoute({
    getParentRoute: () => tenantRoute,
    path: 'apps/$app',
    validateSearch: textSearch('tab'),
    component: lazyRouteComponent(() => import('./AppPage.tsx'), 'AppPage'),
  }),
] as const
