import { ActionIcon, Tooltip } from '@mantine/core'
import { Check, Copy } from 'lucide-react'
import { useState } from 'react'
import { useTexts } from '../i18n/texts.ts'
import { copyText } from './clipboard.ts'
import { componentTexts } from './text.ts'

export function CopyButton({ text, label }: { text: string; label?: string }) {
  const t = useTexts(componentTexts)
  const [copied, setCopied] = useState(false)
  const copy = () => {
    setCopied(copyText(text))
    setTimeout(() => setCopied(false), 2_000)
  }
  return (
    <Tooltip label={copied ? t('copied') : (label ?? t('copy'))} withArrow>
      <ActionIcon variant="subtle" color="gray" size={24} onClick={copy} aria-label={label ?? t('copy')}>
        {copied ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />}
        <span role="status" hidden={!copied}>
          {copied ? t('copied') : ''}
        </span>
      </ActionIcon>
    </Tooltip>
  )
}
