import type { DefinitionDocument, TaskDocument } from '@carillon/contract'
import type { ImportPlan, PlannedDag, PlannedTask } from './plan.ts'
import { codeOfTree } from './trees.ts'

/**
 * The plan as definitions. What carries no number of a job stands for several: its app and its type. Schedules are paused; one that is
 * there already keeps the switch as it stands, so an import that is repeated after the cut-over does not stop what runs.
 */
export function documentsOf(
  plan: ImportPlan,
  present: { readonly apps: ReadonlySet<string>; readonly schedules: ReadonlySet<string> },
): DefinitionDocument[] {
  return [
    // What others have made of an app is theirs.
    ...plan.apps.filter(({ code }) => !present.apps.has(code)).map(({ code, name }) => ({ kind: 'App' as const, code, name })),
    ...plan.types.map((type) => ({ kind: 'TaskType' as const, ...type })),
    ...plan.tasks.map(taskDocument),
    ...plan.dags.map(dagDocument),
    ...plan.tasks.flatMap((task) => scheduleDocument(task, present.schedules)),
  ]
}

function taskDocument({ job, code, name, owner, type, params, policies, downstream }: PlannedTask): DefinitionDocument {
  return {
    ...{ kind: 'Task', code, name, owner, type, params, policies, ...numberOf(job) },
    downstream: downstream.map((task) => ({ task, outcomes: ['SUCCESS'] })),
  }
}

function dagDocument({ job, code, name, owner, nodes, edges, policies }: PlannedDag): DefinitionDocument {
  return {
    ...{ kind: 'Dag', code, name, owner, policies, labels: labelsOf(job) },
    nodes: nodes.map((task) => ({ code: task, task })),
    edges: [...edges],
  }
}

/** Of the DAG that a job begins, where it begins one. */
function scheduleDocument({ job, code, name, schedule, dag }: PlannedTask, present: ReadonlySet<string>): DefinitionDocument[] {
  if (schedule === null) return []
  const paused = present.has(code) ? {} : { paused: true }
  const fires = dag === codeOfTree(job) ? { dag } : { task: code }
  return [{ kind: 'Schedule', code, name, ...fires, ...schedule, labels: labelsOf(job), ...paused }]
}

const labelsOf = (job: number) => ({ 'xxl-job.id': String(job) })

/** How a task keeps the number of its job: the only place that says so. */
function numberOf(job: number): Pick<TaskDocument, 'labels' | 'xxlJobId'> {
  return { labels: labelsOf(job), xxlJobId: job }
}

/** The schedules of what xxl-job fired. */
export function schedulesToResume(plan: ImportPlan): string[] {
  return plan.tasks.filter(({ ran, schedule }) => ran && schedule !== null).map(({ code }) => code)
}
