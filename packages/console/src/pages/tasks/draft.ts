import type { Task, TaskCreate, TaskUpdate } from '@carillon/contract'
import { labelsOf, labelsText } from '../../components/labels.ts'
import { overridesPatch } from '../../components/overrides.ts'
import { recordOf } from '../../components/schema-form/schema.ts'
import { rowsOf, selectorOf, type SelectorRow } from './selector.ts'

/** What the form of a task holds while it is typed. */
export interface Draft {
  readonly code: string
  readonly type: string | null
  readonly name: string
  readonly description: string
  readonly owner: string
  /** Lines of `key=value`. */
  readonly labels: string
  readonly params: unknown
  readonly policies: unknown
  /** As it is in the definition: only the selector is edited here. */
  readonly environment: Task['environment']
  readonly selector: readonly SelectorRow[]
}

/** null: of a new one. */
export function draftOf(task: Task | null): Draft {
  return {
    code: task?.code ?? '',
    type: task?.type.code ?? null,
    name: task?.name ?? '',
    description: task?.description ?? '',
    owner: task?.owner ?? '',
    labels: labelsText(task?.labels ?? {}),
    params: task?.params ?? {},
    policies: task?.policies ?? {},
    environment: task?.environment ?? {},
    selector: rowsOf(task?.environment.selector ?? {}),
  }
}

export function creationOf(draft: Draft): TaskCreate {
  return { ...bodyOf(draft), policies: policiesOf(draft) }
}

/** `version`: what the change is based on. */
export function changeOf(draft: Draft, task: Task, version: number): TaskUpdate {
  return { ...bodyOf(draft), version, policies: overridesPatch(task.policies, policiesOf(draft)) }
}

const policiesOf = ({ policies }: Draft) => recordOf(policies) as NonNullable<TaskCreate['policies']>

function bodyOf({ code, type, name, description, owner, params, labels: text, ...draft }: Draft) {
  const labels = labelsOf(text)
  const environment = environmentOf(draft)
  return {
    code,
    type: type ?? '',
    ...(name === '' ? {} : { name }),
    description,
    owner,
    params: recordOf(params),
    ...(labels === null ? {} : { labels }),
    ...(environment === null ? {} : { environment }),
  }
}

/** null: the selector cannot be read. */
function environmentOf({ environment, selector: rows }: Pick<Draft, 'environment' | 'selector'>) {
  const { selector: _, ...rest } = environment
  const selector = selectorOf(rows)
  if (selector === null) return null
  return Object.keys(selector).length === 0 ? rest : { ...rest, selector }
}
