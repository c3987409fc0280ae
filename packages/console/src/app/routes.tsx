import { createRootRoute, createRoute } from '@tanstack/react-router'
import { PlatformShell, TenantShell } from './Shell.tsx'
import { NotFound, Root } from './Root.tsx'

/** The routes that pages hang under: each page has its own `route.ts` and is listed in `router.tsx`. */
export const rootRoute = createRootRoute({ component: Root, notFoundComponent: NotFound })

/** `/t/{tenant}/…`: signed in, in one tenant. */
export const tenantRoute = createRoute({ getParentRoute: () => rootRoute, path: '/t/$tenant', component: TenantShell })

/** `/platform/…`: signed in, as an administrator of the platform. */
export const platformRoute = createRoute({ getParentRoute: () => rootRoute, path: '/platform', component: PlatformShell })
