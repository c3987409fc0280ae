import { ActionIcon, Menu } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CircleUser, LogOut, UserCog } from 'lucide-react'
import { signOut } from '../api/session.ts'
import { useTexts } from '../i18n/texts.ts'
import { closeLive } from './live-connection.ts'
import { useSession } from './session.tsx'
import { shellTexts } from './text.ts'

export function AccountMenu() {
  const t = useTexts(shellTexts)
  const { user } = useSession()
  const client = useQueryClient()
  const leave = async () => {
    await signOut()
    closeLive()
    client.clear()
    window.location.assign('/sign-in')
  }
  const label = t('account', { name: user.name })
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size={32} aria-label={label} title={label}>
          <CircleUser size={16} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown aria-label={label}>
        <Menu.Label className="foreign">{user.name}</Menu.Label>
        <Menu.Item component={Link} to="/me" leftSection={<UserCog size={14} aria-hidden />}>
          {t('me')}
        </Menu.Item>
        <Menu.Item leftSection={<LogOut size={14} aria-hidden />} onClick={() => void leave()}>
          {t('signOut')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
