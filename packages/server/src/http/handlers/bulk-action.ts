import type { Edit } from '../../definition/edit.ts'
import { invalid } from '../../definition/invalid.ts'

interface BulkBody {
  readonly action: 'enable' | 'disable' | 'delete' | 'label'
  readonly labels?: Record<string, string | null>
}

interface Actions {
  setEnabled(edit: Edit, ref: string, enabled: boolean): Promise<unknown>
  remove(edit: Edit, ref: string): Promise<unknown>
  label(edit: Edit, ref: string, labels: Record<string, string | null>): Promise<unknown>
}

/** What a bulk of tasks or DAGs does with each of them. */
export function bulkAction(edit: Edit, { action, labels }: BulkBody, actions: Actions): (ref: string) => Promise<unknown> {
  switch (action) {
    case 'enable':
    case 'disable':
      return (ref) => actions.setEnabled(edit, ref, action === 'enable')
    case 'delete':
      return (ref) => actions.remove(edit, ref)
    case 'label':
      if (!labels) throw invalid('/body/labels', 'is required for the action label')
      return (ref) => actions.label(edit, ref, labels)
  }
}
