import { Button, Modal, Text } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { useEffect, useState, type ReactNode } from 'react'
import { ServerUnreachable, isSignedOut } from '../api/problem.ts'
import { onConnectionNews } from '../api/request.ts'
import type { Session } from '../api/session.ts'
import { EmptyState } from '../components/EmptyState.tsx'
import { ErrorPanel } from '../components/ErrorPanel.tsx'
import { useTexts } from '../i18n/texts.ts'
import { ChosenByOthers } from './PasswordForm.tsx'
import { SESSION_KEY, SessionProvider, useSessionQuery } from './session.tsx'
import { SignInForm } from './SignInForm.tsx'
import { shellTexts } from './text.ts'

/** Lets only who is signed in see what is inside. A session that ends meanwhile is renewed in a dialog over the page, which stays as it is. */
export function SessionGate({ children }: { children: ReactNode }) {
  const { data, error, refetch } = useSessionQuery()
  const ended = useSessionEnded()
  if (data === undefined) {
    if (error === null) return null
    if (isSignedOut(error)) return <ToSignIn />
    return <NoSession error={error} retry={() => void refetch()} />
  }
  return (
    <SessionProvider session={data}>
      {data.user.mustChangePassword ? <ChosenByOthers /> : children}
      <SignInAgain session={data} opened={ended.ended || isSignedOut(error)} onDone={ended.renewed} />
    </SessionProvider>
  )
}

/** Once: the address changes before this is taken away, and must not become the one to come back to. */
function ToSignIn() {
  const { history, navigate } = useRouter()
  useEffect(() => {
    const { href } = history.location
    void navigate({ to: '/sign-in', search: href === '/' ? {} : { to: href }, replace: true })
  }, [history, navigate])
  return null
}

function useSessionEnded() {
  const [ended, setEnded] = useState(false)
  useEffect(() => onConnectionNews((news) => news === 'signed-out' && setEnded(true)), [])
  return { ended, renewed: () => setEnded(false) }
}

function NoSession({ error, retry }: { error: Error; retry: () => void }) {
  const t = useTexts(shellTexts)
  useEffect(() => {
    const timer = setInterval(retry, 5_000)
    return () => clearInterval(timer)
  })
  return (
    <main>
      {error instanceof ServerUnreachable ? (
        <EmptyState level={1} title={t('unreachable')} action={<Button onClick={retry}>{t('retry')}</Button>}>
          {t('unreachableHint')}
        </EmptyState>
      ) : (
        <ErrorPanel level={1} error={error} retry={retry} />
      )}
    </main>
  )
}

function SignInAgain({ session, opened, onDone }: { session: Session; opened: boolean; onDone: () => void }) {
  const t = useTexts(shellTexts)
  const client = useQueryClient()
  const renewed = (next: Session) => {
    // Somebody else: what is on the page and in its memory is not theirs.
    if (next.user.id !== session.user.id) return window.location.reload()
    client.setQueryData(SESSION_KEY, next)
    onDone()
    void client.invalidateQueries()
  }
  return (
    <Modal opened={opened} onClose={() => undefined} withCloseButton={false} closeOnEscape={false} title={t('expired')}>
      <Text mb="md">{t('expiredHint')}</Text>
      <SignInForm name={session.user.login} onSignedIn={renewed} />
    </Modal>
  )
}
