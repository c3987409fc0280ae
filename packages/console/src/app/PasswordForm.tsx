import { Box, Button, Center, Paper, PasswordInput, Stack, Text, Title } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { ApiProblem } from '../api/problem.ts'
import { changePassword, type Session } from '../api/session.ts'
import { ProblemAlert } from '../components/ErrorPanel.tsx'
import { useTexts } from '../i18n/texts.ts'
import { signInTexts } from '../pages/sign-in/text.ts'
import { SESSION_KEY } from './session.tsx'

/** One's own password. */
export function PasswordForm({ onChanged }: { onChanged?: (session: Session) => void }) {
  const t = useTexts(signInTexts)
  const client = useQueryClient()
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const changing = useMutation({
    mutationFn: () => changePassword(current, next),
    onSuccess: (session) => {
      client.setQueryData(SESSION_KEY, session)
      setCurrent('')
      setNext('')
      onChanged?.(session)
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    changing.mutate()
  }
  const problem = (pointer: string) => (changing.error instanceof ApiProblem ? changing.error.of(pointer) : undefined)
  const toggle = { 'aria-label': t('showPassword') }
  return (
    <form onSubmit={submit} noValidate>
      <Stack maw={360}>
        <PasswordInput
          label={t('currentPassword')}
          autoComplete="current-password"
          value={current}
          error={problem('/current')}
          visibilityToggleButtonProps={toggle}
          onChange={({ currentTarget }) => setCurrent(currentTarget.value)}
        />
        <PasswordInput
          label={t('newPassword')}
          description={t('passwordRule')}
          autoComplete="new-password"
          value={next}
          error={problem('/next')}
          visibilityToggleButtonProps={toggle}
          onChange={({ currentTarget }) => setNext(currentTarget.value)}
        />
        <ProblemAlert error={changing.error} />
        {changing.isSuccess && <Text role="status">{t('passwordChanged')}</Text>}
        <Button type="submit" loading={changing.isPending} style={{ alignSelf: 'flex-start' }}>
          {t('changePassword')}
        </Button>
      </Stack>
    </form>
  )
}

/** Before anything else: whoever gave the password still knows it. */
export function ChosenByOthers() {
  const t = useTexts(signInTexts)
  return (
    <Center mih="100vh" p="md" component="main">
      <Box w={400}>
        <Paper withBorder p="lg" style={{ borderColor: 'var(--hairline)' }}>
          <Title order={1} mb="xs">
            {t('mustChange')}
          </Title>
          <Text c="dimmed" mb="md">
            {t('mustChangeHint')}
          </Text>
          <PasswordForm />
        </Paper>
      </Box>
    </Center>
  )
}
