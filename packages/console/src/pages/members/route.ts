import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { tenantRoute } from '../../app/routes.tsx'

export const membersRoutes = [
  createRoute({
    getParentRoute: () => tenantRoute,
    path: 'members',
    component: lazyRouteComponent(() => import('./MembersPage.tsx'), 'MembersPage'),
  }),
] as const
