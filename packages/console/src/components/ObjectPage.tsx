import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { PageHeader } from './PageHeader.tsx'
import { PageTabs, type Tab } from './PageTabs.tsx'

/** Something that can be done with an object, or a place that it leads to. */
export type Action = {
  /** Of its own on the page; a button that turns into its opposite keeps it, and so the focus. */
  readonly name: string
  readonly word: string
  readonly icon?: ReactNode
  /** What people mostly come for. */
  readonly main?: true
} & ({ readonly act: () => void } | { readonly to: string })

interface ObjectPageProps {
  readonly title: string
  /** Beside the title: a state, a tag. */
  readonly beside?: ReactNode
  readonly hint?: string
  /** false: not as the object is now, or not by this person. */
  readonly actions: readonly (Action | false)[]
  readonly tabs: readonly Tab[]
  /** Its dialogs. */
  readonly children?: ReactNode
}

/** The page of one object: what it is, what can be done with it, and its tabs. */
export function ObjectPage({ title, beside, hint, actions, tabs, children }: ObjectPageProps) {
  return (
    <>
      <PageHeader title={title} beside={beside} {...(hint === undefined ? {} : { hint })}>
        {actions.map((action) => action !== false && <ActionButton key={action.name} {...action} />)}
      </PageHeader>
      <PageTabs label={title} tabs={tabs} />
      {children}
    </>
  )
}

function ActionButton({ word, icon, main, ...rest }: Action) {
  const look = { variant: main ? 'filled' : 'default', leftSection: icon }
  if ('act' in rest)
    return (
      <Button {...look} onClick={rest.act}>
        {word}
      </Button>
    )
  return (
    <Button {...look} component={Link} to={rest.to}>
      {word}
    </Button>
  )
}
