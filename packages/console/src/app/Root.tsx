import { Button } from '@mantine/core'
import { Link, Outlet } from '@tanstack/react-router'
import { EmptyState } from '../components/EmptyState.tsx'
import { useTexts } from '../i18n/texts.ts'
import { shellTexts } from './text.ts'

export function Root() {
  return <Outlet />
}

export function NotFound() {
  const t = useTexts(shellTexts)
  return (
    <main>
      <EmptyState
        level={1}
        title={t('noPage')}
        action={
          <Button component={Link} to="/" variant="default">
            {t('home')}
          </Button>
        }
      >
        {t('noPageHint')}
      </EmptyState>
    </main>
  )
}
