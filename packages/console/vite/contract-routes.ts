import type { Plugin } from 'vite'

const ROUTES = 'virtual:carillon-routes'
const SCHEMAS = 'virtual:carillon-schemas'

/**
 * What of the contract reaches the browser, read from it while the console is built; the contract itself (all schemas, TypeBox) would be
 * several times as large as the rest of the console, and its types cost nothing.
 *
 * `virtual:carillon-routes`: method and path of every route. `virtual:carillon-schemas`: the JSON Schemas that forms are made from.
 */
export function contractRoutes(): Plugin {
  return {
    name: 'carillon-contract',
    resolveId: (id) => (id === ROUTES || id === SCHEMAS ? `\0${id}` : undefined),
    async load(id) {
      if (id === `\0${ROUTES}`) return `export default ${JSON.stringify(await routeTable())}`
      if (id === `\0${SCHEMAS}`) return `export default ${JSON.stringify(await schemas())}`
      return undefined
    },
  }
}

async function routeTable() {
  const { routes } = await import('@carillon/contract')
  const table = Object.entries(routes).map(([group, methods]) => {
    const entries = Object.entries(methods).map(([name, { method, path }]) => [name, `${method} ${path}`])
    return [group, Object.fromEntries(entries)]
  })
  return Object.fromEntries(table) as Record<string, Record<string, string>>
}

async function schemas() {
  const { Policies, DagPolicies, Environment } = await import('@carillon/contract')
  return { policies: Policies, dagPolicies: DagPolicies, environment: Environment }
}
