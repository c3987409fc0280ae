import { useNavigate } from '@tanstack/react-router'
import { useCallback } from 'react'
import type { Filters } from '../components/FilterBar.tsx'

/**
 * Changes some of the address's search and keeps the rest: `push` for another tab or object, `replace` while a filter is typed. The page and
 * what is scrolled in it stay where they are: the router would put the page at its top, and a log back to the line that was just left.
 */
export function useSetSearch(): (changes: Filters, how?: 'push' | 'replace') => void {
  const navigate = useNavigate()
  return useCallback(
    (changes, how = 'replace') =>
      void navigate({
        to: '.',
        search: (before: object) => ({ ...before, ...changes }),
        replace: how === 'replace',
        resetScroll: false,
      } as never),
    [navigate],
  )
}
