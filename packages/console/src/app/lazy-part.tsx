import { Button, CloseButton, Group, Paper, Text } from '@mantine/core'
import { lazy, Suspense, useState, type ComponentType, type ReactNode } from 'react'
import { componentTexts } from '../components/text.ts'
import { useTexts } from '../i18n/texts.ts'
import classes from './Notice.module.css'

interface Again {
  readonly again: () => void
}

interface PartOptions<P> {
  readonly whileLoading?: ReactNode
  /** What stands in its place when it could not be loaded; nothing, unless it is said. */
  readonly Lost?: ComponentType<P & Again>
}

/**
 * A part of a page that is fetched when it is first shown. The server may be down then, or have been upgraded and know that file no more: the
 * page goes on without the part, and asks for it again when it is next shown. What fails within the part itself is not kept back.
 *
 * @example
 * const Palette = lazyPart(async () => (await import('./Palette.tsx')).Palette, { Lost: LostDialog })
 */
export function lazyPart<P extends object>(
  load: () => Promise<ComponentType<P>>,
  { whileLoading = null, Lost = Nothing }: PartOptions<NoInfer<P>> = {},
): ComponentType<P> {
  const ask = () =>
    lazy(async (): Promise<{ default: ComponentType<P & Again> }> => {
      try {
        return { default: (await load()) as ComponentType<P & Again> }
      } catch {
        // One that was refused stays so.
        next = ask()
        return { default: Lost }
      }
    })
  let next = ask()
  return function Part(props: P) {
    const [Shown, show] = useState(() => next)
    return (
      <Suspense fallback={whileLoading}>
        <Shown {...props} again={() => show(() => next)} />
      </Suspense>
    )
  }
}

const Nothing = () => null

interface LostDialogProps extends Again {
  readonly onClose?: () => void
}

/**
 * In place of a dialog; small, as it has to be there already. Chromium remembers a file that did not come for as long as the page stands: there
 * only a reload helps, which is left to the reader, who may have typed something.
 */
export function LostDialog({ again, onClose }: LostDialogProps) {
  const t = useTexts(componentTexts)
  return (
    <Paper role="alert" className={classes['notice']} withBorder p="sm" shadow="md">
      <Group justify="space-between" wrap="nowrap">
        <Text fw={600}>{t('failed')}</Text>
        {onClose !== undefined && <CloseButton size="sm" aria-label={t('close')} onClick={onClose} />}
      </Group>
      <Text size="sm" mb="xs">
        {t('partLostHint')}
      </Text>
      <Group gap="xs">
        <Button variant="default" size="compact-md" onClick={again}>
          {t('retry')}
        </Button>
        <Button variant="default" size="compact-md" onClick={() => window.location.reload()}>
          {t('reloadPage')}
        </Button>
      </Group>
    </Paper>
  )
}
