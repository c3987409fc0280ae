import { createRoute } from '@tanstack/react-router'
import { rootRoute } from '../../app/routes.tsx'
import { HomePage } from './HomePage.tsx'

export const homeRoute = createRoute({ getParentRoute: () => rootRoute, path: '/', component: HomePage })
