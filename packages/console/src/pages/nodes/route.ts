import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { platformRoute } from '../../app/routes.tsx'

export const nodesRoutes = [
  createRoute({
    getParentRoute: () => platformRoute,
    path: 'nodes',
    component: lazyRouteComponent(() => import('./NodesPage.tsx'), 'NodesPage'),
  }),
] as const
