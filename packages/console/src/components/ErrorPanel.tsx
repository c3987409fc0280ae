import { Alert, Button, Code, Group, List, Stack, Text } from '@mantine/core'
import { OctagonX } from 'lucide-react'
import { ApiProblem, ServerUnreachable, isForbidden, isNotFound } from '../api/problem.ts'
import { useTexts, type Translate } from '../i18n/texts.ts'
import { CopyButton } from './CopyButton.tsx'
import { EmptyState } from './EmptyState.tsx'
import { componentTexts } from './text.ts'

interface ErrorPanelProps {
  readonly error: unknown
  readonly retry?: (() => void) | undefined
  /** 1 where it is the whole page. */
  readonly level?: 1 | 2
}

/** Why something could not be loaded: a screen of its own for what is forbidden or gone, else the server's words. */
export function ErrorPanel({ error, retry, level = 2 }: ErrorPanelProps) {
  const t = useTexts(componentTexts)
  const again = retry && (
    <Button variant="default" onClick={retry}>
      {t('retry')}
    </Button>
  )
  if (isForbidden(error))
    return (
      <EmptyState level={level} title={t('forbidden')}>
        {t('forbiddenHint')}
      </EmptyState>
    )
  if (isNotFound(error))
    return (
      <EmptyState level={level} title={t('notFound')}>
        {t('notFoundHint')}
      </EmptyState>
    )
  if (error instanceof ServerUnreachable)
    return (
      <EmptyState level={level} title={t('unreachable')} action={again}>
        {t('unreachableHint')}
      </EmptyState>
    )
  return (
    <Stack py="md" align="flex-start">
      <ProblemAlert error={error} title={t('failed')} />
      {again}
    </Stack>
  )
}

/** What the server refused, beside a form or a button. */
export function ProblemAlert({ error, title }: { error: unknown; title?: string }) {
  const t = useTexts(componentTexts)
  if (error === null || error === undefined) return null
  return (
    <Alert
      role="alert"
      icon={<OctagonX size={16} aria-hidden />}
      title={title}
      variant="outline"
      styles={{
        root: { color: 'var(--state-failed)', borderColor: 'var(--state-failed)', backgroundColor: 'var(--state-failed-tint)' },
        icon: { color: 'var(--state-failed)' },
        title: { color: 'var(--state-failed)' },
      }}
    >
      <Text size="sm" className="foreign">
        {messageOf(error, t)}
      </Text>
      <ProblemFields error={error} />
      <RequestId error={error} />
    </Alert>
  )
}

export function messageOf(error: unknown, t: Translate<'unreachable' | 'unreachableHint'>): string {
  if (error instanceof ServerUnreachable) return `${t('unreachable')}. ${t('unreachableHint')}`
  return error instanceof Error ? error.message : String(error)
}

function ProblemFields({ error }: { error: unknown }) {
  if (!(error instanceof ApiProblem) || error.problems.length === 0) return null
  return (
    <List size="sm" mt={4}>
      {error.problems.map(({ path, message }) => (
        <List.Item key={`${path} ${message}`}>
          <Code>{path.replace(/^\/body/, '') || '/'}</Code> {message}
        </List.Item>
      ))}
    </List>
  )
}

function RequestId({ error }: { error: unknown }) {
  const t = useTexts(componentTexts)
  if (!(error instanceof ApiProblem) || error.requestId === null) return null
  return (
    <Group gap={2} mt={4}>
      <Text size="xs" c="dimmed">
        {t('requestId', { id: error.requestId })}
      </Text>
      <CopyButton text={error.requestId} />
    </Group>
  )
}
