import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { platformRoute } from '../../app/routes.tsx'
import { textSearch } from '../../app/search.ts'

export const usersRoutes = [
  createRoute({
    getParentRoute: () => platformRoute,
    path: 'users',
    validateSearch: textSearch('q'),
    component: lazyRouteComponent(() => import('./UsersPage.tsx'), 'UsersPage'),
  }),
] as const
