import { Button, Group, List, Loader, Modal, Progress as Bar, Radio, Stack, Text, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { useSaid } from '../../i18n/said.ts'
import { useTexts } from '../../i18n/texts.ts'
import { ProblemAlert } from '../ErrorPanel.tsx'
import { componentTexts } from '../text.ts'
import type { Question } from './BulkActions.tsx'
import { MANY, MOST_ITEMS, NOTHING_YET, inBatches, withPart, type BulkPlan, type Parts, type Progress } from './plan.ts'
import { bulkTexts } from './text.ts'
import { useOffer, type OfferOptions } from './use-offer.ts'

interface BulkDialogProps<T> extends OfferOptions<T> {
  /** `allDone`: it is through, and nothing was refused. */
  readonly onClose: (allDone: boolean) => void
}

interface Work {
  readonly parts: Parts
  readonly progress: Progress
  readonly running: boolean
}

/** What will happen, then how it goes, then what came of each. It is a snapshot: what comes later is not touched. */
export function BulkDialog<T>({ onClose, ...options }: BulkDialogProps<T>) {
  const t = useTexts(bulkTexts)
  const words = useTexts(componentTexts)
  const client = useQueryClient()
  const { action } = options
  const { offer, count: found, error: notFound } = useOffer(options)
  const [answer, setAnswer] = useState(action.asks?.kind === 'choice' ? action.asks.options[0]!.value : '')
  const [typed, setTyped] = useState('')
  const [work, setWork] = useState<Work | null>(null)
  const [error, setError] = useState<unknown>(null)
  const stop = useRef(false)

  const run = async (parts: Parts, from: Progress) => {
    stop.current = false
    setError(null)
    let progress = from
    const tell = (running: boolean) => setWork({ parts, progress, running })
    tell(true)
    try {
      do {
        progress = withPart(progress, await parts(progress.cursor ?? undefined))
        tell(true)
      } while (progress.cursor !== null && !stop.current)
    } catch (problem) {
      setError(problem)
    }
    tell(false)
    await client.invalidateQueries()
  }
  const progress = work?.progress ?? NOTHING_YET
  const through = work?.running === false && progress.cursor === null
  const again = () => {
    const ids = progress.refused.map(({ id }) => id)
    return run(
      inBatches(ids, (some) => action.act(some, answer)),
      { ...NOTHING_YET, done: progress.done },
    )
  }
  const close = () => {
    stop.current = true
    onClose(through && progress.refused.length === 0)
  }
  const count = offer?.plan.count ?? 0

  return (
    <Modal
      opened
      onClose={close}
      closeOnClickOutside={false}
      title={t('title', { action: action.label })}
      size="lg"
      closeButtonProps={{ 'aria-label': words('close') }}
    >
      <Stack>
        <ProblemAlert error={error ?? notFound} />
        {offer === null
          ? notFound === null && (
              <Group gap="xs" role="status">
                <Loader size="xs" /> {t('looking', { count: found })}
              </Group>
            )
          : work === null && <Preview plan={offer.plan} label={action.label} />}
        {offer !== null && work !== null && <Outcome {...{ plan: offer.plan, nameOf: offer.nameOf, ...work }} />}
        {work === null && count > 0 && action.asks !== undefined && (
          <Asked question={action.asks} answer={answer} onAnswer={setAnswer} />
        )}
        {work === null && count >= MANY && (
          <TextInput
            label={words('typeToConfirm', { word: count })}
            value={typed}
            inputMode="numeric"
            autoComplete="off"
            onChange={({ currentTarget }) => setTyped(currentTarget.value.trim())}
          />
        )}
        <Group justify="flex-end">
          {work?.running === true ? (
            <Button variant="default" onClick={() => (stop.current = true)}>
              {t('stop')}
            </Button>
          ) : (
            <Button variant="default" onClick={close}>
              {t('close')}
            </Button>
          )}
          {work === null && offer !== null && count > 0 && (
            <Button
              color={action.danger ? 'red.9' : 'accent'}
              disabled={count >= MANY && typed !== String(count)}
              onClick={() => void run(offer.parts(answer), NOTHING_YET)}
            >
              {t(offer.plan.beyond === 'done' ? 'willDoMore' : 'willDo', { action: action.label, count })}
            </Button>
          )}
          {work?.running === false && !through && <Button onClick={() => void run(work.parts, progress)}>{t('goOn')}</Button>}
          {through && progress.refused.length > 0 && <Button onClick={() => void again()}>{t('again')}</Button>}
        </Group>
      </Stack>
    </Modal>
  )
}

interface AskedProps {
  readonly question: Question
  readonly answer: string
  readonly onAnswer: (answer: string) => void
}

function Asked({ question, answer, onAnswer }: AskedProps) {
  const t = useTexts(bulkTexts)
  if (question.kind === 'reason')
    return <TextInput label={t('reason')} value={answer} onChange={({ currentTarget }) => onAnswer(currentTarget.value)} />
  return (
    <Radio.Group label={question.label} value={answer} onChange={onAnswer}>
      <Stack gap={6} mt={6}>
        {question.options.map(({ value, label }) => (
          <Radio key={value} value={value} label={label} />
        ))}
      </Stack>
    </Radio.Group>
  )
}

function Preview({ plan, label }: { plan: BulkPlan; label: string }) {
  const t = useTexts(bulkTexts)
  const { count, beyond, leftOut, leftOutMore, names } = plan
  return (
    <>
      {count === 0 ? (
        <Text>{t('nothing', { action: label.toLowerCase() })}</Text>
      ) : (
        <>
          <Text fw={600}>{t(beyond === 'done' ? 'willDoMore' : 'willDo', { action: label, count })}</Text>
          <Text size="sm" c="dimmed" className="foreign">
            {t('names', { names: names.join(', ') })}
            {count > names.length && ' …'}
          </Text>
        </>
      )}
      {leftOut.length > 0 && (
        <List size="sm">
          {leftOut.map(([why, times]) => (
            <List.Item key={why}>{t(leftOutMore ? 'leftOutMore' : 'leftOut', { why, count: times })}</List.Item>
          ))}
        </List>
      )}
      {beyond === 'done' && <Text size="sm">{t('counted', { most: count.toLocaleString('en') })}</Text>}
      {beyond === 'left' && <Text size="sm">{t('capped', { most: MOST_ITEMS.toLocaleString('en') })}</Text>}
      <Text size="xs" c="dimmed">
        {t('frozen')}
      </Text>
    </>
  )
}

const MOST_SHOWN = 500

interface OutcomeProps extends Work {
  readonly plan: BulkPlan
  readonly nameOf: (id: number) => string
}

function Outcome({ plan: { count: total, beyond }, progress: { done, refused, cursor }, running, nameOf }: OutcomeProps) {
  const t = useTexts(bulkTexts)
  const say = useSaid()
  const answered = done + refused.length
  const left = Math.max(0, total - answered)
  const atLeast = beyond === 'done'
  return (
    <>
      <Text role="status" fw={600}>
        {running ? t(atLeast ? 'doingMore' : 'doing', { done: answered, total }) : t('succeeded', { count: done })}
        {refused.length > 0 && ` · ${t('refused', { count: refused.length })}`}
      </Text>
      {running && <Bar value={Math.min(100, (answered / total) * 100)} aria-hidden />}
      {!running && cursor !== null && <Text size="sm">{atLeast ? t('stoppedEarly') : t('stopped', { count: left })}</Text>}
      {!running && cursor === null && left > 0 && !atLeast && <Text size="sm">{t('changed', { count: left })}</Text>}
      {refused.length > 0 && (
        <List size="sm" aria-label={t('results')} mah={260} style={{ overflowY: 'auto' }}>
          {refused.slice(0, MOST_SHOWN).map(({ id, detail }) => (
            <List.Item key={id} className="foreign">
              {nameOf(id)}: {detail === undefined ? null : say(detail)}
            </List.Item>
          ))}
        </List>
      )}
    </>
  )
}
