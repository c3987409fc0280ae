import type { Command } from 'commander'
import { readNodeRef, type NodeRef } from './node-ref.ts'

/** What stands where runs are named: their identifiers, and where a verb is for nodes too, `run/node`. */
export interface RunRefs {
  readonly runs: readonly number[]
  readonly nodes: readonly NodeRef[]
}

const RUN = 'The identifier of a run is a number; npx carillon runs lists them.'
const RUN_OR_NODE = `${RUN} A node of one is named as 2855706575241237/send; a DAG by its code, with --dag.`

/** Read once the options are known: with `--dag` the same words are codes. */
export function readRunRefs(texts: readonly string[], command: Command, nodesToo = true): RunRefs {
  const refs = [...new Set(texts)].map((text) => {
    const ref = readNodeRef(text)
    if (ref !== undefined && (nodesToo || 'instance' in ref)) return ref
    return command.error(`'${text}' is no <run>. ${nodesToo ? RUN_OR_NODE : RUN}`)
  })
  return {
    runs: refs.flatMap((ref) => ('instance' in ref ? [ref.instance] : [])),
    nodes: refs.filter((ref) => !('instance' in ref)),
  }
}
