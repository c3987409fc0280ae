import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { tenantRoute } from '../../app/routes.tsx'
import { textSearch } from '../../app/search.ts'

export const calendarsRoutes = [
  createRoute({
    getParentRoute: () => tenantRoute,
    path: 'calendars',
    validateSearch: textSearch('q', 'calendar'),
    component: lazyRouteComponent(() => import('./CalendarsPage.tsx'), 'CalendarsPage'),
  }),
] as const
