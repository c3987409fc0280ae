import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { tenantRoute } from '../../app/routes.tsx'
import { textSearch } from '../../app/search.ts'

export const schedulesRoutes = [
  createRoute({
    getParentRoute: () => tenantRoute,
    path: 'schedules',
    validateSearch: textSearch('tab', 'q', 'task', 'paused', 'label', 'hours', 'month', 'day'),
    component: lazyRouteComponent(() => import('./SchedulesPage.tsx'), 'SchedulesPage'),
  }),
  createRoute({
    getParentRoute: () => tenantRoute,
    path: 'schedules/$schedule',
    validateSearch: textSearch('tab', 'outcome'),
    component: lazyRouteComponent(() => import('./SchedulePage.tsx'), 'SchedulePage'),
  }),
] as const
