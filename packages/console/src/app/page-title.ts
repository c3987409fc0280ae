import { useEffect } from 'react'

/** The title of the tab: the page first, as tabs are narrow. */
export function usePageTitle(...parts: (string | undefined)[]): void {
  const title = [...parts.filter((part) => part !== undefined && part !== ''), 'Carillon'].join(' · ')
  useEffect(() => {
    document.title = title
  }, [title])
}
