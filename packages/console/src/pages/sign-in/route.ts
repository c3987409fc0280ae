import { createRoute } from '@tanstack/react-router'
import { rootRoute } from '../../app/routes.tsx'
import { textSearch } from '../../app/search.ts'
import { SignInPage } from './SignInPage.tsx'

export const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sign-in',
  validateSearch: textSearch('to'),
  component: SignInPage,
})
