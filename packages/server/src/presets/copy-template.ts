import type { DagTemplateCopy } from '@carillon/contract'
import { CarillonError } from '@carillon/core'
import { applyDocuments } from '../definition/documents/apply.ts'
import type { Change } from '../definition/edit.ts'
import type { ScheduleEdit } from '../definition/settle-overdue.ts'
import { documentsFor, TEMPLATES, type DagTemplate } from './templates.ts'

type Copied = Awaited<ReturnType<typeof applyDocuments>>['answer']

export function templateOf(code: string): DagTemplate {
  const found = TEMPLATES.find((template) => template.code === code)
  if (!found) throw new CarillonError('NOT_FOUND', 'There is no such template of a DAG.')
  return found
}

/** Makes the DAG and its tasks in the tenant; where one of the codes is taken, nothing. */
export async function copyTemplate(
  edit: ScheduleEdit,
  template: string,
  { code, name }: DagTemplateCopy,
): Promise<Change<Copied>> {
  const change = await applyDocuments(edit, documentsFor(templateOf(template), code, name))
  const taken = change.answer.items.find(({ outcome }) => outcome !== 'CREATED')
  if (taken)
    throw new CarillonError('CODE_TAKEN', `There is a ${taken.kind} ${taken.code} already. Choose another code for the copy.`)
  return change
}
