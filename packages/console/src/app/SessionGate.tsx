import { Button } from '@mantine/core'
import { useRouter } from '@tanstack/react-router'
import { Suspense, useEffect, useState, type ReactNode } from 'react'
import { ServerUnreachable, isSignedOut } from '../api/problem.ts'
import { onConnectionNews } from '../api/request.ts'
import { EmptyState } from '../components/EmptyState.tsx'
import { ErrorPanel } from '../components/ErrorPanel.tsx'
import { useTexts } from '../i18n/texts.ts'
import { LostDialog, lazyPart } from './lazy-part.tsx'
import { renewLive } from './live-connection.ts'
import { SessionProvider, useSessionQuery } from './session.tsx'
import { shellTexts } from './text.ts'

// Rarely needed, and as large as a page.
const SignInAgain = lazyPart(async () => (await import('./SignInAgain.tsx')).SignInAgain, { Lost: LostDialog })
const ChosenByOthers = lazyPart(async () => (await import('./PasswordForm.tsx')).ChosenByOthers, { Lost: LostDialog })

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
      <Suspense>{data.user.mustChangePassword ? <ChosenByOthers /> : children}</Suspense>
      {(ended.ended || isSignedOut(error)) && <SignInAgain session={data} onDone={ended.renewed} />}
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
  useEffect(() => onConnectionNews((news) => news.kind === 'signed-out' && setEnded(true)), [])
  return {
    ended,
    renewed: () => {
      setEnded(false)
      renewLive()
    },
  }
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
