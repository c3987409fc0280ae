import { Text } from '@mantine/core'
import type { ReactNode } from 'react'

/** A cell that says something, and smaller under it what goes with it: a code, and the name. */
export function TwoLines({ children, under }: { children: ReactNode; under: ReactNode }) {
  return (
    <div>
      {children}
      <Text size="xs" c="dimmed" className="foreign">
        {under}
      </Text>
    </div>
  )
}
