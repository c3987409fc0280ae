import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { tenantRoute } from '../../app/routes.tsx'

export const tokensRoutes = [
  createRoute({
    getParentRoute: () => tenantRoute,
    path: 'tokens',
    component: lazyRouteComponent(() => import('./TokensPage.tsx'), 'TokensPage'),
  }),
] as const
