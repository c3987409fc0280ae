import { Badge } from '@mantine/core'

/** A word about an object beside its name. Colours are for states. */
export function Tag({ children }: { children: string }) {
  return (
    <Badge variant="outline" color="gray" c="inherit" tt="none">
      {children}
    </Badge>
  )
}
