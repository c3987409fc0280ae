import type { Dag, DagVersion } from '@carillon/contract'
import { Button } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { useSession, useTenant } from '../../../app/session.tsx'
import { useSetSearch } from '../../../app/set-search.ts'
import { Loading } from '../../../components/DataTable.tsx'
import { EmptyState } from '../../../components/EmptyState.tsx'
import { ErrorPanel } from '../../../components/ErrorPanel.tsx'
import { useTexts } from '../../../i18n/texts.ts'
import { Draft } from './Draft.ts'
import { Editor } from './Editor.tsx'
import { editorTexts } from './text.ts'

const route = getRouteApi('/t/$tenant/dags/$dag/edit')

/** Edits the draft in the address; without one the newest draft of the DAG, or a new one made from the active version. */
export function EditorPage() {
  const { dag } = route.useParams()
  const { version } = route.useSearch()
  const { api, code: tenant } = useTenant()
  const setSearch = useSetSearch()
  const client = useQueryClient()
  const found = useQuery({
    queryKey: ['dags', tenant, dag, 'draft', version ?? null],
    queryFn: async (): Promise<{ dag: Dag; draft: DagVersion }> => {
      const read = await api.dags.get({ params: { dag } })
      if (version !== undefined)
        return { dag: read, draft: await api.dagVersions.get({ params: { dag, number: Number(version) } }) }
      const { items } = await api.dagVersions.list({ params: { dag }, query: { state: 'DRAFT', limit: 1 } })
      const draft = items[0]
        ? await api.dagVersions.get({ params: { dag, number: items[0].number } })
        : await api.dagVersions.create({
            params: { dag },
            body: read.active === null ? { incomplete: true } : { copyOf: read.active, incomplete: true },
          })
      return { dag: read, draft }
    },
    // Making a draft is done once; what the draft holds then is kept by the editor itself.
    staleTime: Infinity,
    gcTime: 0,
    retry: false,
    refetchOnWindowFocus: false,
  })
  const number = found.data?.draft.number
  useEffect(() => {
    if (version !== undefined || number === undefined) return
    client.setQueryData(['dags', tenant, dag, 'draft', String(number)], found.data)
    setSearch({ version: String(number) })
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- the address follows the draft that was found.
  }, [version, number])
  if (found.error !== null) return <ErrorPanel error={found.error} retry={() => void found.refetch()} />
  if (found.data === undefined || version === undefined) return <Loading />
  return <Opened key={`${dag} ${version}`} dag={found.data.dag} version={found.data.draft} />
}

function Opened({ dag, version }: { dag: Dag; version: DagVersion }) {
  const t = useTexts(editorTexts)
  const { api, code: tenant } = useTenant()
  const { user } = useSession()
  const navigate = route.useNavigate()
  const [draft, setDraft] = useState<Draft | null>(null)
  const [error, setError] = useState<unknown>(null)
  const { number } = version
  useEffect(() => {
    let opened: Draft | null = null
    let wanted = true
    Draft.open({ api, dag: dag.code, number, key: [tenant, user.id, dag.id, number].join(' ') }).then((made) => {
      opened = made
      if (wanted) setDraft(made)
      else made.dispose()
    }, setError)
    return () => {
      wanted = false
      opened?.dispose()
    }
  }, [api, tenant, dag.id, dag.code, number, user.id])
  if (error !== null) return <ErrorPanel error={error} />
  if (version.state !== 'DRAFT')
    return (
      <EmptyState
        title={t('GONE')}
        action={
          <Button
            onClick={async () => {
              const copy = await api.dagVersions.create({ params: { dag: dag.code }, body: { copyOf: number, incomplete: true } })
              await navigate({ search: { version: String(copy.number) } })
            }}
          >
            {t('saveAsNew')}
          </Button>
        }
      />
    )
  if (draft === null) return <Loading />
  return <Editor draft={draft} dag={dag} version={version} />
}
