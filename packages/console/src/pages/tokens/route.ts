import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { tenantRoute } from '../../app/routes.tsx'
import { textSearch } from '../../app/search.ts'

export const tokensRoutes = [
  createRoute({
    getParentRoute: () => tenantRoute,
    path: 'tokens',
    validateSearch: textSearch('role', 'revoked'),
    component: lazyRouteComponent(() => import('./TokensPage.tsx'), 'TokensPage'),
  }),
] as const
