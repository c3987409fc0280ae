import { ActionIcon, Button, Group, SegmentedControl, Text, Tooltip } from '@mantine/core'
import { getRouteApi } from '@tanstack/react-router'
import { LayoutGrid, Plus, Redo2, Undo2 } from 'lucide-react'
import type { ReactNode } from 'react'
import { useSetSearch } from '../../../app/set-search.ts'
import { useTexts } from '../../../i18n/texts.ts'
import type { Draft } from './Draft.ts'
import { nextRedo, nextUndo, type History } from './history.ts'
import { editorTexts } from './text.ts'
import type { Editing } from './use-editing.ts'
import { stepText } from './edit-words.ts'

const route = getRouteApi('/t/$tenant/dags/$dag/edit')

export const VIEWS = ['graph', 'outline', 'json'] as const

interface ToolbarProps {
  readonly draft: Draft
  readonly history: History
  readonly editing: Editing
  readonly onAdd: () => void
}

/** How the definition is looked at, and what can be done with it as a whole. */
export function Toolbar({ draft, history, editing, onAdd }: ToolbarProps) {
  const t = useTexts(editorTexts)
  const { view = 'graph' } = route.useSearch()
  const setSearch = useSetSearch()
  const { definition, chosen, layOut } = editing
  return (
    <Group gap="xs" mb="xs">
      <SegmentedControl
        size="xs"
        aria-label={t('view')}
        data={VIEWS.map((value) => ({ value, label: t(value) }))}
        value={view}
        onChange={(next) => setSearch({ view: next === 'graph' ? undefined : next })}
      />
      <Button size="compact-sm" variant="default" leftSection={<Plus size={14} aria-hidden />} onClick={onAdd}>
        {t('addNode')}
      </Button>
      <Step
        label={stepText(t, 'undo', nextUndo(history))}
        icon={<Undo2 size={16} aria-hidden />}
        disabled={history.at === 0}
        onClick={() => draft.undo()}
      />
      <Step
        label={stepText(t, 'redo', nextRedo(history))}
        icon={<Redo2 size={16} aria-hidden />}
        disabled={history.at === history.edits.length}
        onClick={() => draft.redo()}
      />
      <Step
        label={t('layOut')}
        icon={<LayoutGrid size={16} aria-hidden />}
        disabled={definition.nodes.length === 0}
        onClick={() => void layOut()}
      />
      {chosen.length > 1 && <Text size="sm">{t('selectedMany', { count: chosen.length })}</Text>}
    </Group>
  )
}

interface StepProps {
  readonly label: string
  readonly icon: ReactNode
  readonly disabled: boolean
  readonly onClick: () => void
}

function Step({ label, icon, disabled, onClick }: StepProps) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="default" size={28} aria-label={label} disabled={disabled} onClick={onClick}>
        {icon}
      </ActionIcon>
    </Tooltip>
  )
}
