import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { tenantRoute } from '../../app/routes.tsx'

export const secretsRoutes = [
  createRoute({
    getParentRoute: () => tenantRoute,
    path: 'secrets',
    component: lazyRouteComponent(() => import('./SecretsPage.tsx'), 'SecretsPage'),
  }),
] as const
