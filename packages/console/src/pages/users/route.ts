import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { platformRoute } from '../../app/routes.tsx'

export const usersRoutes = [
  createRoute({
    getParentRoute: () => platformRoute,
    path: 'users',
    component: lazyRouteComponent(() => import('./UsersPage.tsx'), 'UsersPage'),
  }),
] as const
