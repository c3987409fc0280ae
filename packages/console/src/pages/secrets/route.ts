import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { tenantRoute } from '../../app/routes.tsx'
import { textSearch } from '../../app/search.ts'

export const secretsRoutes = [
  createRoute({
    getParentRoute: () => tenantRoute,
    path: 'secrets',
    validateSearch: textSearch('q'),
    component: lazyRouteComponent(() => import('./SecretsPage.tsx'), 'SecretsPage'),
  }),
] as const
