import type { ExecutorCreate, ExecutorUpdate, ExecutorView, XxlJobExecutorCreate } from '@carillon/contract'
import { linesOf, type FormValues } from '../../components/FormFields.tsx'
import { labelsOf, labelsText } from '../../components/labels.ts'

/** What the form holds of an executor that is registered by hand; everything as it is typed. */
export function draftOf(executor: ExecutorView | null): FormValues {
  return {
    protocol: executor?.protocol ?? 'CARILLON',
    app: executor?.app.code ?? '',
    instance: executor?.instance ?? '',
    address: executor?.address ?? '',
    healthUrl: executor?.healthUrl ?? '',
    handlers: executor?.handlers.join('\n') ?? '',
    capacity: String(executor?.capacity ?? ''),
    healthSeconds: executor?.healthEveryMs == null ? '' : String(executor.healthEveryMs / 1_000),
    perCall: String(executor?.perCall ?? ''),
    callToken: '',
    noToken: false,
    labels: labelsText(executor?.labels ?? {}),
    metadata: labelsText(executor?.metadata ?? {}),
  }
}

const text = (values: FormValues, key: string): string => String(values[key]).trim()

/** What is no number goes as it was typed, so that the server says so at its field: NaN would become null in JSON. */
function numberOf(typed: string, times = 1): number {
  // 1.001 s are 1001 ms, though 1.001 × 1000 is a little less.
  const number = typed === '' ? Number.NaN : times === 1 ? Number(typed) : Math.round(Number(typed) * times)
  return Number.isNaN(number) ? (typed as unknown as number) : number
}

export const speaksXxlJob = (values: FormValues): boolean => values['protocol'] === 'XXL_JOB'

/** null: a line is not `key=value`, which the form says at the field; nothing is sent then. */
function saidOf(values: FormValues) {
  const labels = labelsOf(String(values['labels']))
  const metadata = labelsOf(String(values['metadata']))
  if (labels === null || metadata === null) return null
  return {
    address: text(values, 'address'),
    healthUrl: text(values, 'healthUrl'),
    handlers: linesOf(values['handlers']),
    capacity: numberOf(text(values, 'capacity')),
    labels,
    metadata,
  }
}

export function createOf(values: FormValues): ExecutorCreate | null {
  const said = saidOf(values)
  if (said === null) return null
  const [every, perCall, callToken] = [text(values, 'healthSeconds'), text(values, 'perCall'), text(values, 'callToken')]
  return {
    app: text(values, 'app'),
    instance: text(values, 'instance'),
    ...said,
    ...(every === '' ? {} : { healthEveryMs: numberOf(every, 1_000) }),
    ...(perCall === '' ? {} : { perCall: numberOf(perCall) }),
    ...(callToken === '' ? {} : { callToken }),
  }
}

/** Of one of xxl-job the protocol gives the rest. */
export function createXxlJobOf(values: FormValues): XxlJobExecutorCreate | null {
  const said = saidOf(values)
  if (said === null) return null
  const { address, labels, metadata } = said
  const [instance, capacity, every] = ['instance', 'capacity', 'healthSeconds'].map((key) => text(values, key)) as [
    string,
    string,
    string,
  ]
  return {
    ...{ app: text(values, 'app'), address, callToken: text(values, 'callToken'), labels, metadata },
    ...(instance === '' ? {} : { instance }),
    ...(capacity === '' ? {} : { capacity: numberOf(capacity) }),
    ...(every === '' ? {} : { healthEveryMs: numberOf(every, 1_000) }),
  }
}

/**
 * Only what was typed, by what the form held when it opened: what somebody else has changed meanwhile stays. A token that is not typed stays,
 * unless it is taken away.
 */
export function updateOf(values: FormValues, opened: FormValues): ExecutorUpdate | null {
  const said = saidOf(values)
  if (said === null) return null
  const [every, perCall, callToken] = [text(values, 'healthSeconds'), text(values, 'perCall'), text(values, 'callToken')]
  const changed = Object.entries(said).filter(([key]) => values[key] !== opened[key])
  return {
    ...(Object.fromEntries(changed) as Partial<typeof said>),
    ...(every === text(opened, 'healthSeconds') ? {} : { healthEveryMs: every === '' ? null : numberOf(every, 1_000) }),
    ...(perCall === text(opened, 'perCall') ? {} : { perCall: perCall === '' ? null : numberOf(perCall) }),
    ...(values['noToken'] === true ? { callToken: null } : callToken === '' ? {} : { callToken }),
  }
}
