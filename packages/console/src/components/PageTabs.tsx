import { Tabs } from '@mantine/core'
import { useSearch } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useSetSearch } from '../app/set-search.ts'

export interface Tab {
  readonly value: string
  readonly label: string
  readonly content: ReactNode
}

/** Tabs of an object's page; the open one stands in the address as `tab`. */
export function PageTabs({ tabs, label }: { tabs: readonly Tab[]; label: string }) {
  const { tab } = useSearch({ strict: false }) as { tab?: string }
  const setSearch = useSetSearch()
  const open = tabs.find(({ value }) => value === tab) ?? tabs[0]!
  return (
    <Tabs
      value={open.value}
      onChange={(next) => setSearch({ tab: next === tabs[0]!.value ? undefined : (next ?? undefined) }, 'push')}
      keepMounted={false}
    >
      <Tabs.List mb="md" aria-label={label}>
        {tabs.map(({ value, label: name }) => (
          <Tabs.Tab key={value} value={value}>
            {name}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {tabs.map(({ value, content }) => (
        <Tabs.Panel key={value} value={value}>
          {content}
        </Tabs.Panel>
      ))}
    </Tabs>
  )
}
