import { createHash } from 'node:crypto'

const CODE = /^(?![0-9]+$)[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/
const HASH_LENGTH = 8

/**
 * A code for a name of xxl-job. A name that can be a code is its own; of any other, what is readable and a hash of the whole. So it
 * depends on that name alone: it is the same in every import, and different for different names.
 */
export function codeOf(name: string): string {
  if (CODE.test(name)) return name
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_LENGTH)
  const readable = name
    .replaceAll(/[^a-zA-Z0-9_.-]+/g, '-')
    .replaceAll(/^[_.-]+|[_.-]+$/g, '')
    .slice(0, 63 - HASH_LENGTH - 1)
  return readable === '' ? `x-${hash}` : `${readable}-${hash}`
}

/** Of the task and the schedule of a job: by its number, so that neither a rename nor another group makes them other ones. */
export const codeOfJob = (id: number) => `xxl-${id}`

/** Of the type of what an app does by one handler. Both names may hold dots, and `a.b` with `c` is not `a` with `b.c`. */
export const codeOfHandler = (app: string, handler: string) => codeOf(`${app}${app.includes('.') ? '/' : '.'}${handler}`)
