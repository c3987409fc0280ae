import { Modal, Text, TextInput } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useId, useRef, useState, type KeyboardEvent } from 'react'
import { ProblemAlert } from '../../components/ErrorPanel.tsx'
import { useFocusBack } from '../../components/focus-back.ts'
import { componentTexts } from '../../components/text.ts'
import { useTexts } from '../../i18n/texts.ts'
import { GROUPS, placeOf, type Choice } from './choices.ts'
import classes from './Palette.module.css'
import { paletteTexts } from './text.ts'
import { useChoices } from './use-choices.ts'

/** Goes anywhere by a few letters: pages, tenants, what has a code, a run by its number. The focus stays in the field; the arrows choose. */
export function Palette({ tenant, onClose }: { tenant: string | null; onClose: () => void }) {
  const t = useTexts(paletteTexts)
  const c = useTexts(componentTexts)
  const navigate = useNavigate()
  const id = useId()
  useFocusBack()
  const [typed, setTyped] = useState('')
  const [chosen, choose] = useState<string | null>(null)
  const { choices, looking, error } = useChoices(tenant, typed)
  const present = placeOf(choices, chosen)
  const move = (by: number) => choose(choices[(present + by + choices.length) % choices.length]!.id)
  const go = ({ to }: Choice) => {
    onClose()
    void navigate({ href: to })
  }
  const press = (event: KeyboardEvent) => {
    // The Enter that ends a Chinese word is not ours.
    if (event.nativeEvent.isComposing || choices.length === 0) return
    if (event.key === 'ArrowDown') move(1)
    else if (event.key === 'ArrowUp') move(-1)
    else if (event.key === 'Enter') go(choices[present]!)
    else return
    event.preventDefault()
  }
  const said =
    looking && choices.length === 0 ? t('looking') : choices.length === 0 ? t('none') : t('found', { count: choices.length })
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('title')}
      size="lg"
      centered={false}
      yOffset="10vh"
      closeButtonProps={{ 'aria-label': c('close') }}
    >
      <TextInput
        data-autofocus
        role="combobox"
        aria-label={t('placeholder')}
        placeholder={t('placeholder')}
        aria-autocomplete="list"
        aria-expanded={choices.length > 0}
        aria-controls={`${id}-list`}
        aria-activedescendant={choices.length > 0 ? `${id}-${present}` : undefined}
        autoComplete="off"
        spellCheck={false}
        value={typed}
        onChange={({ currentTarget }) => {
          setTyped(currentTarget.value)
          choose(null)
        }}
        onKeyDown={press}
      />
      <ProblemAlert error={error} />
      {choices.length > 0 && (
        <div role="listbox" id={`${id}-list`} aria-label={t('title')} className={classes['list']}>
          {GROUPS.map((group) => (
            <GroupOf
              key={group}
              name={t(group)}
              id={id}
              choices={choices.flatMap((choice, place) => (choice.group === group ? [{ ...choice, place }] : []))}
              present={present}
              onGo={go}
            />
          ))}
        </div>
      )}
      <Text role="status" size="sm" c="dimmed" mt="xs">
        {said}
      </Text>
      <Text size="xs" c="dimmed" visibleFrom="sm">
        {t('keys')}
      </Text>
    </Modal>
  )
}

interface GroupProps {
  readonly name: string
  readonly id: string
  readonly choices: readonly (Choice & { readonly place: number })[]
  readonly present: number
  readonly onGo: (choice: Choice) => void
}

function GroupOf({ name, id, choices, present, onGo }: GroupProps) {
  if (choices.length === 0) return null
  return (
    <div role="group" aria-label={name}>
      <div aria-hidden className={classes['group']}>
        {name}
      </div>
      {choices.map((choice) => (
        <Option key={choice.id} id={`${id}-${choice.place}`} choice={choice} selected={choice.place === present} onGo={onGo} />
      ))}
    </div>
  )
}

interface OptionProps {
  readonly id: string
  readonly choice: Choice
  readonly selected: boolean
  readonly onGo: (choice: Choice) => void
}

function Option({ id, choice, selected, onGo }: OptionProps) {
  const element = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (selected) element.current?.scrollIntoView({ block: 'nearest' })
  }, [selected])
  return (
    <div ref={element} id={id} role="option" aria-selected={selected} className={classes['choice']} onClick={() => onGo(choice)}>
      <span className="foreign">{choice.label}</span>
      {choice.hint !== undefined && <span className={`${classes['hint']} foreign`}>{choice.hint}</span>}
    </div>
  )
}
