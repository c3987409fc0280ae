import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { tenantRoute } from '../../app/routes.tsx'

export const schedulesRoutes = [
  createRoute({
    getParentRoute: () => tenantRoute,
    path: 'schedules',
    component: lazyRouteComponent(() => import('./SchedulesPage.tsx'), 'SchedulesPage'),
  }),
] as const
