import { Modal, Text } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import type { Session } from '../api/session.ts'
import { useTexts } from '../i18n/texts.ts'
import { SESSION_KEY } from './session.tsx'
import { SignInForm } from './SignInForm.tsx'
import { shellTexts } from './text.ts'

/** Over a page whose session has ended. */
export function SignInAgain({ session, onDone }: { session: Session; onDone: () => void }) {
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
    <Modal
      opened
      onClose={() => undefined}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      title={t('expired')}
    >
      <Text mb="md">{t('expiredHint')}</Text>
      <SignInForm name={session.user.login} onSignedIn={renewed} />
    </Modal>
  )
}
