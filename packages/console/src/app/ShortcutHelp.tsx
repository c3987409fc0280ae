import { Kbd, Modal, Table } from '@mantine/core'
import { useFocusBack } from '../components/focus-back.ts'
import { componentTexts } from '../components/text.ts'
import { useTexts } from '../i18n/texts.ts'
import { shellTexts } from './text.ts'

const KEYS = [
  ['Ctrl K, ⌘ K', 'keyGoTo'],
  ['/', 'keyFilter'],
  ['j', 'keyNext'],
  ['k', 'keyPrevious'],
  ['.', 'keyPause'],
  ['f', 'keyNextFailure'],
  ['F', 'keyPreviousFailure'],
  ['g o', 'overview'],
  ['g r', 'runs'],
  ['g i', 'instances'],
  ['g s', 'schedules'],
  ['g d', 'dags'],
  ['g t', 'tasks'],
  ['g y', 'taskTypes'],
  ['g x', 'executors'],
  ['g a', 'audit'],
  ['?', 'keyHelp'],
] as const

export function ShortcutHelp({ onClose }: { onClose: () => void }) {
  const t = useTexts(shellTexts)
  const c = useTexts(componentTexts)
  useFocusBack()
  return (
    <Modal opened onClose={onClose} title={t('shortcuts')} closeButtonProps={{ 'aria-label': c('close') }}>
      <Table aria-label={t('shortcuts')}>
        <Table.Tbody>
          {KEYS.map(([keys, word]) => (
            <Table.Tr key={keys}>
              <Table.Td w={100}>
                <Kbd>{keys}</Kbd>
              </Table.Td>
              <Table.Td>{t(word)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  )
}
