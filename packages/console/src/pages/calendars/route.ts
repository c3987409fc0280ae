import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { tenantRoute } from '../../app/routes.tsx'

export const calendarsRoutes = [
  createRoute({
    getParentRoute: () => tenantRoute,
    path: 'calendars',
    component: lazyRouteComponent(() => import('./CalendarsPage.tsx'), 'CalendarsPage'),
  }),
] as const
