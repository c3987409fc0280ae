import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { tenantRoute } from '../../app/routes.tsx'
import { textSearch } from '../../app/search.ts'

export const dagsRoutes = [
  createRoute({
    getParentRoute: () => tenantRoute,
    path: 'dags',
    validateSearch: textSearch('q', 'enabled', 'paused', 'active', 'owner', 'label'),
    component: lazyRouteComponent(() => import('./DagsPage.tsx'), 'DagsPage'),
  }),
  createRoute({
    getParentRoute: () => tenantRoute,
    path: 'dags/$dag',
    validateSearch: textSearch('tab', 'version', 'from', 'to', 'node', 'run'),
    component: lazyRouteComponent(() => import('./DagPage.tsx'), 'DagPage'),
  }),
  createRoute({
    getParentRoute: () => tenantRoute,
    path: 'dags/$dag/edit',
    validateSearch: textSearch('version', 'node', 'view'),
    component: lazyRouteComponent(() => import('./editor/EditorPage.tsx'), 'EditorPage'),
  }),
] as const
