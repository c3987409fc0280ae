import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { contractRoutes } from './vite/contract-routes.ts'

export default defineConfig({
  plugins: [react(), contractRoutes()],
  // The server puts a fresh one in its place with every answer of the page.
  html: { cspNonce: '__CARILLON_NONCE__' },
  build: {
    target: 'es2022',
    sourcemap: false,
    // An inlined asset is a `data:` URL that the content security policy would have to allow.
    assetsInlineLimit: 0,
    // The size test reads which chunks the first route loads.
    manifest: true,
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        // What changes with a dependency alone stays in the browser's cache over releases.
        codeSplitting: {
          groups: [
            { name: 'react', test: /node_modules[\\/](react|react-dom|scheduler)[\\/]/ },
            {
              name: 'data',
              test: /node_modules[\\/](@tanstack[\\/](router|react-router|history|store|react-store|query)|i18next)/,
            },
            // Small parts that most pages have: a chunk each would cost as much again as what it holds.
            {
              name: 'parts',
              test: /src[\\/](components[\\/](DataTable|PageHeader|TenantLink|Time|StateBadge|states)|app[\\/](live-list|set-search))\./,
              includeDependenciesRecursively: false,
            },
            {
              name: 'lists',
              test: /src[\\/]components[\\/](FilterBar|ListPage|bulk[\\/]use-bulk)\./,
              includeDependenciesRecursively: false,
            },
          ],
        },
      },
    },
  },
  server: {
    // `vite packages/console` while `npm start` runs beside it.
    proxy: { '/api': { target: 'http://127.0.0.1:7070', ws: true } },
  },
})
