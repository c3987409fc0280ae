import './i18n/texts.ts'
import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core'
import '@mantine/core/styles.css'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import './app/app.css'
import { Notice } from './app/Notice.tsx'
import { queryClient } from './app/queries.ts'
import { router } from './app/router.tsx'
import { watchServer } from './app/server-watch.ts'
import { cssVariables, theme } from './app/theme.ts'

// Written into the page by the server, new with every answer: the style elements that Mantine makes may stay.
const nonce = document.querySelector<HTMLMetaElement>('meta[property=csp-nonce]')?.nonce ?? ''

// Mantine's dialogs keep the page behind them still by a library that looks for it here.
Object.assign(globalThis, { __webpack_nonce__: nonce })

watchServer()

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      colorSchemeManager={localStorageColorSchemeManager({ key: 'carillon.theme' })}
      defaultColorScheme="auto"
      getStyleNonce={() => nonce}
    >
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
        <Notice />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
)
