import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { rootRoute } from '../../app/routes.tsx'
import { textSearch } from '../../app/search.ts'

export const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sign-in',
  validateSearch: textSearch('to'),
  // Who is signed in never sees it.
  component: lazyRouteComponent(() => import('./SignInPage.tsx'), 'SignInPage'),
})
