import type { Dag, DagVersion } from '@carillon/contract'
import { Anchor, Button, Group, Paper, Text } from '@mantine/core'
import { Link, getRouteApi } from '@tanstack/react-router'
import { useEffect, useRef, useState, useSyncExternalStore, type KeyboardEvent } from 'react'
import { usePageTitle } from '../../../app/page-title.ts'
import { useTenant } from '../../../app/session.tsx'
import { useTexts } from '../../../i18n/texts.ts'
import { dagsTexts } from '../text.ts'
import { Canvas } from './Canvas.tsx'
import type { Draft, SaveStatus } from './Draft.ts'
import classes from './Editor.module.css'
import { EditorDialogs, type Dialog } from './EditorDialogs.tsx'
import { Inspector } from './Inspector.tsx'
import { JsonPane } from './JsonPane.tsx'
import { commandOf } from './keys.ts'
import { Outline } from './Outline.tsx'
import { ProblemList } from './ProblemList.tsx'
import { useProblems } from './problems.ts'
import { SaveState } from './SaveState.tsx'
import { editorTexts } from './text.ts'
import { Toolbar } from './Toolbar.tsx'
import { useCommands } from './use-commands.ts'
import { useEditing, type Editing } from './use-editing.ts'

const route = getRouteApi('/t/$tenant/dags/$dag/edit')

interface EditorProps {
  readonly draft: Draft
  readonly dag: Dag
  readonly version: DagVersion
}

/** Draws, configures, checks and publishes one draft. */
export function Editor({ draft, dag, version }: EditorProps) {
  const t = useTexts(editorTexts)
  const d = useTexts(dagsTexts)
  const { view = 'graph' } = route.useSearch()
  const state = useSyncExternalStore(draft.subscribe, draft.state)
  const { definition, history, status } = state
  const { problems, byServer } = useProblems(dag.code, version.number, state)
  const editing = useEditing(draft, definition)
  const { graph, chosen, selection, select, edit } = editing
  const [dialog, open] = useState<Dialog | null>(null)
  const inspector = useRef<HTMLDivElement>(null)
  useCommands(draft, editing)
  useRefresh(draft)

  const close = () => {
    open(null)
    // The dialog gives the focus back to what opened it only where that still is.
    setTimeout(() => document.activeElement === document.body && graph.current?.focus())
  }
  const add = () => open({ kind: 'ADD', after: chosen.at(-1) ?? null, at: null })
  const inspect = () => inspector.current?.querySelector<HTMLElement>('input, textarea, button')?.focus()
  const connect = (from: string) => open({ kind: 'CONNECT', from })
  return (
    <div className={classes['page']}>
      <Heading {...{ dag, version, status, editing }} open={open} />
      <Toolbar {...{ draft, history, editing }} onAdd={add} />
      <Text size="sm" c="dimmed" mb="xs" hiddenFrom="sm">
        {t('narrow')}
      </Text>
      <div className={classes['body']}>
        <div className={classes['main']}>
          {view === 'graph' && (
            <Canvas
              {...{ editing, problems }}
              label={`${d('graphOf', { code: dag.code, number: version.number })}. ${t('keys')}`}
              onKey={(event) => obey(event, editing, { add, connect, inspect })}
              onOpen={inspect}
              onAdd={(after, at) => open({ kind: 'ADD', after, at })}
            />
          )}
          {view === 'outline' && <Outline {...{ definition, problems, selection }} onSelect={select} />}
          {view === 'json' && (
            <JsonPane definition={definition} onTake={(next) => edit({ kind: 'REPLACE', definition: next, why: 'JSON' })} />
          )}
          <ProblemList {...{ problems, byServer }} onSelect={(next) => (select(next), graph.current?.focus())} />
        </div>
        <Paper withBorder p="sm" className={classes['inspector']} ref={inspector} component="section" aria-label={t('inspector')}>
          <Inspector {...{ editing, problems }} onConnect={connect} />
        </Paper>
      </div>
      {dialog && (
        <EditorDialogs {...{ dialog, draft, status, dag, version, editing }} problemCount={problems.length} onClose={close} />
      )}
    </div>
  )
}

interface HeadingProps {
  readonly dag: Dag
  readonly version: DagVersion
  readonly status: SaveStatus
  readonly editing: Editing
  readonly open: (dialog: Dialog) => void
}

/** What is edited, where the work is, and where it goes. */
function Heading({ dag, version, status, editing, open }: HeadingProps) {
  const t = useTexts(editorTexts)
  const { api, code: tenant } = useTenant()
  const navigate = route.useNavigate()
  usePageTitle(t('title', { code: dag.code }))
  const saveAsNew = async () => {
    const definition = editing.definition as DagVersion['definition']
    const copy = await api.dagVersions.create({ params: { dag: dag.code }, body: { definition, incomplete: true } })
    await navigate({ search: { version: String(copy.number) } })
  }
  return (
    <Group justify="space-between" gap="xs" mb="xs">
      <Group gap="sm">
        <Text component="h1" fw={600} fz="1.25rem" className="foreign">
          {t('title', { code: dag.code })}
        </Text>
        <SaveState
          status={status}
          number={version.number}
          onChoose={() => open({ kind: 'CLASH' })}
          onSaveAsNew={() => void saveAsNew()}
        />
      </Group>
      <Group gap="xs">
        <Anchor component={Link} to={`/t/${tenant}/dags/${dag.code}`} size="sm">
          {t('more', { code: dag.code })}
        </Anchor>
        {dag.active !== null && (
          <Button variant="default" onClick={() => open({ kind: 'RUN' })}>
            {t('run')}
          </Button>
        )}
        <Button onClick={() => open({ kind: 'PUBLISH' })}>{t('publish')}</Button>
      </Group>
    </Group>
  )
}

interface Orders {
  readonly add: () => void
  readonly connect: (from: string) => void
  readonly inspect: () => void
}

/** Does what a key on the graph asks for; whether it was one. */
function obey(event: KeyboardEvent, editing: Editing, { add, connect, inspect }: Orders): boolean {
  const command = commandOf(event)
  const last = editing.chosen.at(-1)
  if (command === null || (command.kind === 'CONNECT' && last === undefined)) return false
  const acts = {
    NUDGE: () => command.kind === 'NUDGE' && editing.nudge(command.by),
    SELECT_ALL: editing.selectAll,
    DUPLICATE: editing.duplicate,
    ADD: add,
    CONNECT: () => connect(last!),
    INSPECT: inspect,
    LAY_OUT: () => void editing.layOut(),
    REMOVE: editing.remove,
  }
  acts[command.kind]()
  return true
}

const REFRESH_MS = 10_000

/** Brings in what others save, at the latest when the page is looked at again. */
function useRefresh(draft: Draft): void {
  useEffect(() => {
    const look = () => void draft.refresh()
    window.addEventListener('focus', look)
    const timer = setInterval(() => document.hidden || look(), REFRESH_MS)
    return () => {
      window.removeEventListener('focus', look)
      clearInterval(timer)
    }
  }, [draft])
}
