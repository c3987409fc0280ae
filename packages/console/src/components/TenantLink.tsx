import { Anchor } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTenant } from '../app/session.tsx'

interface TenantLinkProps {
  /** Below the tenant's address: `runs/42`. */
  readonly to: string
  /** In the colour of the text, beside what the row is about. */
  readonly quiet?: true
  readonly children: ReactNode
}

/** Leads to a page of this tenant, and says what people called what is there. */
export function TenantLink({ to, quiet, children }: TenantLinkProps) {
  const { code } = useTenant()
  return (
    <Anchor component={Link} to={`/t/${code}/${to}`} size="sm" className="foreign" {...(quiet ? { c: 'inherit' } : {})}>
      {children}
    </Anchor>
  )
}
