import type { RunDetail } from '@carillon/contract'
import { Alert, Anchor, Spoiler, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { OctagonX } from 'lucide-react'
import { useTenant } from '../../app/session.tsx'
import { useSetSearch } from '../../app/set-search.ts'
import { CopyButton } from '../../components/CopyButton.tsx'
import { useTexts } from '../../i18n/texts.ts'
import classes from './run.module.css'
import { BAD, failureOf, type RunInstance, type RunNode } from './run-nodes.ts'
import { runTexts } from './run-text.ts'

/** What failed first, in its own words, and the way to its log. */
export function ErrorCard({ run, nodes }: { run: RunDetail; nodes: readonly RunNode[] }) {
  const t = useTexts(runTexts)
  const setSearch = useSetSearch()
  const { node: shown } = useSearch({ strict: false }) as { node?: string }
  const failed = nodes.filter(({ state }) => BAD.has(state))
  const first = firstFailed(failed)
  const reason = run.state === 'FAILED' || run.state === 'TIMEOUT' ? run.reason : null
  const failure = failureOf(useWholeError(first?.instance))
  if (first === null && reason === null) return null
  const message = failure?.message ?? reason ?? first?.instance.state ?? run.state
  const title =
    first === null ? t('failedRun') : run.kind === 'DAG' ? t('failedTitle', { node: first.node.name }) : t('failedTask')
  return (
    <Alert
      className={classes['error'] ?? ''}
      role="region"
      aria-label={title}
      variant="outline"
      icon={<OctagonX size={18} aria-hidden />}
      title={<span className="foreign">{title}</span>}
      mb="md"
    >
      <div className={classes['message']}>
        <Text size="sm" className="foreign" style={{ whiteSpace: 'pre-wrap' }}>
          {failure?.code != null && failure.code !== '' && <strong>{failure.code} </strong>}
          {message}
        </Text>
        <CopyButton text={failure?.stack ?? message} />
      </div>
      {failure?.stack != null && (
        <Spoiler maxHeight={0} showLabel={t('stack')} hideLabel={t('stack')} styles={{ control: { fontSize: 12 } }}>
          <pre className={classes['stack']} role="region" aria-label={t('stack')} tabIndex={0}>
            {failure.stack}
          </pre>
        </Spoiler>
      )}
      <Text size="sm">
        {first !== null && run.kind === 'DAG' && String(first.instance.id) !== shown && (
          <Anchor
            component="button"
            type="button"
            size="sm"
            className={classes['action'] ?? ''}
            onClick={() =>
              setSearch({ node: String(first.instance.id), panel: undefined, attempt: undefined, line: undefined }, 'push')
            }
          >
            {t('openLog')}
          </Anchor>
        )}
        {failed.length > 1 && ` ${t('alsoFailed', { count: failed.length - 1 })}`}
      </Text>
    </Alert>
  )
}

/** A long one is left out of a run that is shown live. */
function useWholeError(instance: RunInstance | undefined): unknown {
  const { api, code } = useTenant()
  const { data } = useQuery({
    queryKey: ['instance', code, instance?.id, 'error'],
    queryFn: async ({ signal }) => (await api.instances.get({ params: { instance: instance!.id } }, { signal })).error,
    enabled: instance?.errorLeftOut === true,
    staleTime: Infinity,
  })
  return instance?.errorLeftOut === true ? data : instance?.error
}

/** The one that ended first: what failed after it may have failed because of it. */
export function firstFailed(failed: readonly RunNode[]): { node: RunNode; instance: RunInstance } | null {
  const all = failed.flatMap((node) =>
    node.instances.filter(({ state }) => BAD.has(state)).map((instance) => ({ node, instance })),
  )
  return all.sort((a, b) => (a.instance.endedAt ?? Infinity) - (b.instance.endedAt ?? Infinity))[0] ?? null
}
