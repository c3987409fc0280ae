import type { Plugin } from 'vite'

const NAME = 'virtual:carillon-routes'

/**
 * `virtual:carillon-routes`: method and path of every route of the contract, read from it while the console is built. The contract itself
 * (schemas, TypeBox) would be several times as large as the rest of the console; its types cost nothing.
 */
export function contractRoutes(): Plugin {
  return {
    name: 'carillon-contract-routes',
    resolveId: (id) => (id === NAME ? `\0${NAME}` : undefined),
    async load(id) {
      if (id !== `\0${NAME}`) return undefined
      const { routes } = await import('@carillon/contract')
      const table = Object.entries(routes).map(([group, methods]) => {
        const entries = Object.entries(methods).map(([name, { method, path }]) => [name, `${method} ${path}`])
        return [group, Object.fromEntries(entries)]
      })
      return `export default ${JSON.stringify(Object.fromEntries(table))}`
    },
  }
}
