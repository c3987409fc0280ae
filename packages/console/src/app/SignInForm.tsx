import { Button, PasswordInput, Stack, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { signIn, type Session } from '../api/session.ts'
import { ProblemAlert } from '../components/ErrorPanel.tsx'
import { useTexts } from '../i18n/texts.ts'
import { signInTexts } from '../pages/sign-in/text.ts'

/** Name and password; used by the sign-in page and over a page whose session has ended. */
export function SignInForm({ name: known = '', onSignedIn }: { name?: string; onSignedIn: (session: Session) => void }) {
  const t = useTexts(signInTexts)
  const [name, setName] = useState(known)
  const [password, setPassword] = useState('')
  const signingIn = useMutation({ mutationFn: () => signIn(name, password), onSuccess: onSignedIn })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    signingIn.mutate()
  }
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label={t('name')}
          name="username"
          autoComplete="username"
          required
          data-autofocus={known === '' || undefined}
          value={name}
          onChange={({ currentTarget }) => setName(currentTarget.value)}
        />
        <PasswordInput
          label={t('password')}
          name="password"
          autoComplete="current-password"
          required
          data-autofocus={known !== '' || undefined}
          value={password}
          onChange={({ currentTarget }) => setPassword(currentTarget.value)}
          visibilityToggleButtonProps={{ 'aria-label': t('showPassword') }}
        />
        <ProblemAlert error={signingIn.error} />
        <Button type="submit" loading={signingIn.isPending}>
          {t('signIn')}
        </Button>
      </Stack>
    </form>
  )
}
