import { Box, Center, Group, Paper, Text, Title } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { getRouteApi, useRouter } from '@tanstack/react-router'
import { LanguageMenu, ThemeMenu } from '../../app/Menus.tsx'
import { SESSION_KEY } from '../../app/session.tsx'
import { SignInForm } from '../../app/SignInForm.tsx'
import { insideOf } from '../../app/inside.ts'
import { usePageTitle } from '../../app/page-title.ts'
import { useTexts } from '../../i18n/texts.ts'
import { signInTexts } from './text.ts'

const route = getRouteApi('/sign-in')

export function SignInPage() {
  const t = useTexts(signInTexts)
  const { to } = route.useSearch()
  const router = useRouter()
  const client = useQueryClient()
  usePageTitle(t('signIn'))
  return (
    <Center mih="100vh" p="md" component="main">
      <Box w={360}>
        <Group justify="flex-end" mb="sm">
          <LanguageMenu />
          <ThemeMenu />
        </Group>
        <Paper withBorder p="lg" style={{ borderColor: 'var(--hairline)' }}>
          <Title order={1} mb="md">
            {t('title')}
          </Title>
          <SignInForm
            onSignedIn={(session) => {
              client.setQueryData(SESSION_KEY, session)
              router.history.replace(insideOf(to))
            }}
          />
        </Paper>
        <Text size="xs" c="dimmed" mt="md">
          {t('first')}
        </Text>
        <Text size="xs" c="dimmed" mt="xs">
          {t('lostPassword')}
        </Text>
      </Box>
    </Center>
  )
}
