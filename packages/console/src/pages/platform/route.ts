import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { platformRoute } from '../../app/routes.tsx'

export const platformRoutes = [
  createRoute({
    getParentRoute: () => platformRoute,
    path: '/',
    component: lazyRouteComponent(() => import('./PlatformPage.tsx'), 'PlatformPage'),
  }),
] as const
