import { useBrowser } from './console.ts'
import { testPages, useSamples } from './every-page.ts'

useBrowser()
const samples = useSamples()

// The pairs of language and theme that pages.test.ts leaves out.
testPages(
  [
    ['en', 'dark'],
    ['zh', 'dark'],
    ['zh', 'light'],
  ],
  samples,
)
