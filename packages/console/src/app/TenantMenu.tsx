import { Button, Menu } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { Building2, Check, ChevronDown } from 'lucide-react'
import { useTexts } from '../i18n/texts.ts'
import { useSession } from './session.tsx'
import { shellTexts } from './text.ts'

/** The tenant in the address, and the way to the others. */
export function TenantMenu({ current }: { current: string | null }) {
  const t = useTexts(shellTexts)
  const { memberships } = useSession()
  const navigate = useNavigate()
  const name = memberships.find(({ tenant }) => tenant.code === current)?.tenant.name ?? current ?? t('platform')
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <Button
          variant="subtle"
          color="gray"
          c="inherit"
          size="compact-sm"
          leftSection={<Building2 size={14} aria-hidden />}
          rightSection={<ChevronDown size={14} aria-hidden />}
          aria-label={`${t('tenant')}: ${name}`}
          style={{ minWidth: 0, maxWidth: 220 }}
        >
          {name}
        </Button>
      </Menu.Target>
      <Menu.Dropdown aria-label={t('tenant')}>
        {memberships.map(({ tenant }) => (
          <Menu.Item
            key={tenant.code}
            rightSection={tenant.code === current ? <Check size={14} aria-hidden /> : undefined}
            onClick={() => void navigate({ to: '/t/$tenant', params: { tenant: tenant.code } })}
          >
            <span className="foreign">{tenant.name}</span>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
