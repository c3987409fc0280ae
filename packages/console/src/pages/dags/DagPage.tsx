import type { Dag, Run } from '@carillon/contract'
import { useQueryClient } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { Pencil, Play } from 'lucide-react'
import { useState } from 'react'
import { LostDialog, lazyPart } from '../../app/lazy-part.tsx'
import { BY_PEOPLE_MS, useLive } from '../../app/live.ts'
import { useLiveList } from '../../app/live-list.ts'
import { listTopic } from '../../app/live-topics.ts'
import { given } from '../../app/search.ts'
import { useTenant } from '../../app/session.tsx'
import { useSetSearch } from '../../app/set-search.ts'
import { ConfirmDialog } from '../../components/ConfirmDialog.tsx'
import { Loading } from '../../components/DataTable.tsx'
import { EmptyState } from '../../components/EmptyState.tsx'
import { Found } from '../../components/Found.tsx'
import { ObjectPage } from '../../components/ObjectPage.tsx'
import { RemoveDialog } from '../../components/RemoveDialog.tsx'
import { Tag } from '../../components/Tag.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { RunsTable } from '../runs/RunsTable.tsx'
import { SchedulesTable } from '../schedules/SchedulesTable.tsx'
import { GraphTab } from './GraphTab.tsx'
import { ParametersTab } from './ParametersTab.tsx'
import { RunDialog } from './RunDialog.tsx'
import { SettingsDialog, SettingsTab } from './Settings.tsx'
import { dagsTexts } from './text.ts'
import { Versions } from './Versions.tsx'

const route = getRouteApi('/t/$tenant/dags/$dag')
const Revisions = lazyPart(async () => (await import('../../components/Revisions.tsx')).Revisions, {
  whileLoading: <Loading />,
  Lost: LostDialog,
})

export function DagPage() {
  const { dag } = route.useParams()
  const { api, code } = useTenant()
  const found = useLive(null, {
    queryKey: ['dags', code, dag],
    queryFn: () => api.dags.get({ params: { dag } }),
    everyMs: BY_PEOPLE_MS,
  })
  return <Found query={found}>{(object) => <DagDetail dag={object} />}</Found>
}

type Dialog = 'pause' | 'disable' | 'remove' | 'settings' | null

function DagDetail({ dag }: { dag: Dag }) {
  const t = useTexts(dagsTexts)
  const { api, code: tenant, can } = useTenant()
  const { run } = route.useSearch()
  const setSearch = useSetSearch()
  const client = useQueryClient()
  const [dialog, open] = useState<Dialog>(null)
  const close = () => open(null)
  const changed = () => client.invalidateQueries({ queryKey: ['dags', tenant] })
  const params = { dag: dag.code }
  const writable = can('definition.write')
  return (
    <ObjectPage
      title={dag.code}
      hint={[dag.name, dag.pauseReason].filter(Boolean).join(' · ')}
      beside={<Tag>{t(dag.paused ? 'paused' : dag.enabled ? 'enabled' : 'disabled')}</Tag>}
      actions={[
        can('run.trigger') &&
          dag.active !== null && {
            ...{ name: 'run', word: t('run'), icon: <Play size={14} aria-hidden />, main: true },
            act: () => setSearch({ run: '1' }),
          },
        writable && {
          name: 'edit',
          word: t('edit'),
          icon: <Pencil size={14} aria-hidden />,
          to: `/t/${tenant}/dags/${dag.code}/edit`,
        },
        can('run.control') &&
          (dag.paused
            ? { name: 'pause', word: t('resume'), act: () => void api.dags.resume({ params }).then(changed) }
            : { name: 'pause', word: t('pause'), act: () => open('pause') }),
        writable &&
          (dag.enabled
            ? { name: 'enable', word: t('disable'), act: () => open('disable') }
            : { name: 'enable', word: t('enable'), act: () => void api.dags.enable({ params }).then(changed) }),
        writable && { name: 'remove', word: t('remove'), act: () => open('remove') },
      ]}
      tabs={[
        { value: 'graph', label: t('graph'), content: <GraphTab dag={dag} /> },
        { value: 'runs', label: t('runs'), content: <RunsTab dag={dag} /> },
        { value: 'versions', label: t('versions'), content: <Versions dag={dag} /> },
        { value: 'schedules', label: t('schedules'), content: <SchedulesTab dag={dag} /> },
        { value: 'parameters', label: t('parameters'), content: <ParametersTab dag={dag} /> },
        {
          value: 'settings',
          label: t('settings'),
          content: <SettingsTab dag={dag} {...(writable ? { onEdit: () => open('settings') } : {})} />,
        },
        {
          value: 'history',
          label: t('history'),
          content: (
            <Revisions
              queryKey={['dags', tenant, dag.code]}
              list={(query) => api.dags.revisions({ params, query })}
              restore={(revision) => api.dags.restore({ params, body: { version: dag.version, revision } })}
              mayRestore={writable}
            />
          ),
        },
      ]}
    >
      {run !== undefined && <RunDialog dag={dag.code} onClose={() => setSearch({ run: undefined })} />}
      {dialog === 'settings' && (
        <SettingsDialog
          dag={dag}
          onClose={close}
          onDone={() => {
            close()
            void changed()
          }}
        />
      )}
      <Questions dag={dag} dialog={dialog} onClose={close} changed={changed} />
    </ObjectPage>
  )
}

interface QuestionsProps {
  readonly dag: Dag
  readonly dialog: Dialog
  readonly onClose: () => void
  readonly changed: () => Promise<unknown>
}

/** What is asked before something happens to the DAG. */
function Questions({ dag, dialog, onClose, changed }: QuestionsProps) {
  const t = useTexts(dagsTexts)
  const { api } = useTenant()
  const params = { dag: dag.code }
  return (
    <>
      <ConfirmDialog
        opened={dialog === 'pause'}
        onClose={onClose}
        title={t('pauseTitle', { code: dag.code })}
        confirm={t('pauseDo')}
        onConfirm={() => api.dags.pause({ params, body: {} }).then(changed)}
      >
        {t('pauseHint')}
      </ConfirmDialog>
      <ConfirmDialog
        opened={dialog === 'disable'}
        onClose={onClose}
        title={t('disableTitle', { code: dag.code })}
        confirm={t('disableDo')}
        onConfirm={() => api.dags.disable({ params }).then(changed)}
      >
        {t('disableHint')}
      </ConfirmDialog>
      <RemoveDialog
        opened={dialog === 'remove'}
        onClose={onClose}
        title={t('removeTitle', { code: dag.code })}
        confirm={t('removeDo')}
        word={dag.code}
        list="dags"
        remove={() => api.dags.remove({ params })}
      >
        {t('removeHint')}
      </RemoveDialog>
    </>
  )
}

function RunsTab({ dag }: { dag: Dag }) {
  const t = useTexts(dagsTexts)
  const { api, code } = useTenant()
  const list = useLiveList<Run>(listTopic({ kind: 'runs', tenant: code, query: { dag: dag.code } }), {
    queryKey: ['runs', code, { dag: dag.id }],
    page: (cursor, signal) => api.runs.list({ query: given({ dag: dag.code, cursor }) }, { signal }),
    idOf: ({ id }) => id,
  })
  return <RunsTable label={t('runs')} list={list} empty={<EmptyState title={t('noRuns')} />} />
}

function SchedulesTab({ dag }: { dag: Dag }) {
  const t = useTexts(dagsTexts)
  return (
    <SchedulesTable target={{ dag: dag.code }} empty={<EmptyState title={t('noSchedules')}>{t('noSchedulesHint')}</EmptyState>} />
  )
}
