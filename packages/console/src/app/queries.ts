import { QueryClient } from '@tanstack/react-query'
import { ServerUnreachable } from '../api/problem.ts'

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      // A server on the same machine or network is there or not, whatever the browser believes of the internet.
      networkMode: 'always',
      staleTime: 1_000,
      refetchOnWindowFocus: true,
      retry: (failures, error) => error instanceof ServerUnreachable && failures < 2,
    },
    mutations: { networkMode: 'always' },
  },
})
