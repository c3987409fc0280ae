import type { Dag, DagVersion } from '@carillon/contract'
import { useQueryClient } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { LostDialog, lazyPart } from '../../../app/lazy-part.tsx'
import { say } from '../../../app/Notice.tsx'
import { useTenant } from '../../../app/session.tsx'
import { selectNode, type Point } from '../../../components/dag-graph/model.ts'
import { useTexts } from '../../../i18n/texts.ts'
import { AddNodeDialog, ClashDialog, ConnectDialog, PublishDialog } from './dialogs.tsx'
import type { Draft, DraftState } from './Draft.ts'
import { placeFor } from './places.ts'
import { editorTexts } from './text.ts'
import type { Editing } from './use-editing.ts'

const RunDialog = lazyPart(async () => (await import('../RunDialog.tsx')).RunDialog, { Lost: LostDialog })
const route = getRouteApi('/t/$tenant/dags/$dag/edit')

export type Dialog =
  | { readonly kind: 'ADD'; readonly after: string | null; readonly at: Point | null }
  | { readonly kind: 'CONNECT'; readonly from: string }
  | { readonly kind: 'PUBLISH' | 'RUN' | 'CLASH' }

interface EditorDialogsProps {
  readonly dialog: Dialog
  readonly draft: Draft
  readonly status: DraftState['status']
  readonly dag: Dag
  readonly version: DagVersion
  readonly editing: Editing
  readonly problemCount: number
  readonly onClose: () => void
}

/** The dialog that is open, and what becomes of its answer. */
export function EditorDialogs({ dialog, draft, status, dag, version, editing, problemCount, onClose }: EditorDialogsProps) {
  switch (dialog.kind) {
    case 'ADD':
      return <Adding {...{ dialog, editing, onClose }} />
    case 'CONNECT':
      return <Connecting {...{ dialog, editing, onClose }} />
    case 'RUN':
      return <RunDialog dag={dag.code} onClose={onClose} />
    case 'PUBLISH':
      return <Publishing {...{ draft, dag, version, editing, problemCount, onClose }} />
    case 'CLASH':
      if (status.kind !== 'CLASH') return null
      return (
        <ClashDialog
          clashes={status.clashes}
          onClose={onClose}
          onSettle={(choices) => {
            draft.settle(choices)
            onClose()
          }}
        />
      )
  }
}

type Of<K extends keyof EditorDialogsProps> = Pick<EditorDialogsProps, K | 'editing' | 'onClose'>

function Adding({ dialog, editing, onClose }: Of<never> & { readonly dialog: Extract<Dialog, { kind: 'ADD' }> }) {
  const { definition, graph, edit, select } = editing
  return (
    <AddNodeDialog
      definition={definition}
      after={dialog.after}
      onClose={onClose}
      onAdd={(made, after) => {
        const drawn = { places: graph.current?.places() ?? null, centre: graph.current?.centre() ?? { x: 0, y: 0 } }
        const position = placeFor(definition, drawn, dialog.at, after)
        edit({ kind: 'ADD_NODE', node: position ? { ...made, position } : made, after })
        select(selectNode(made.code))
        onClose()
      }}
    />
  )
}

function Connecting({ dialog, editing, onClose }: Of<never> & { readonly dialog: Extract<Dialog, { kind: 'CONNECT' }> }) {
  const { definition, edit } = editing
  return (
    <ConnectDialog
      definition={definition}
      from={dialog.from}
      onClose={onClose}
      onConnect={(to, condition) => {
        const ends = { from: dialog.from, to }
        edit({ kind: 'ADD_EDGE', edge: { ...ends, ...(condition === '' ? {} : { condition }) } })
        onClose()
      }}
    />
  )
}

function Publishing({ draft, dag, version, editing, problemCount, onClose }: Of<'draft' | 'dag' | 'version' | 'problemCount'>) {
  const t = useTexts(editorTexts)
  const { code: tenant } = useTenant()
  const client = useQueryClient()
  const navigate = route.useNavigate()
  return (
    <PublishDialog
      dag={dag.code}
      number={version.number}
      createdAt={version.createdAt}
      definition={editing.definition}
      problemCount={problemCount}
      flush={() => draft.flush()}
      revision={() => draft.state().saved.revision}
      onTake={(base, theirs) => draft.take(base, theirs, {})}
      onClose={onClose}
      onPublished={async (run) => {
        say(t('published', { number: version.number }))
        await draft.forget()
        await client.invalidateQueries({ queryKey: ['dags', tenant] })
        await navigate({ to: '/t/$tenant/dags/$dag', params: { tenant, dag: dag.code }, search: run ? { run: '1' } : {} })
      }}
    />
  )
}
