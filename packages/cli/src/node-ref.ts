import type { Client } from '@carillon/contract'
import { CarillonError } from '@carillon/core'
import { Argument, InvalidArgumentError } from 'commander'
import { everyPage } from './every-page.ts'

/** A node of a DAG's run, or one element of a fan-out; or a task instance by its own identifier. */
export type NodeRef =
  | { readonly text: string; readonly instance: number }
  | { readonly text: string; readonly run: number; readonly node: string; readonly element: number | null }

const REF = /^(?<id>[1-9]\d*)(\/(?<node>[a-zA-Z][a-zA-Z0-9_-]*)(\/(?<element>\d+))?)?$/

/** `17/send`, `17/send/3` (its fourth element), or `18`: an instance; undefined when it is none of these. */
export function readNodeRef(text: string): NodeRef | undefined {
  const { id, node, element } = REF.exec(text)?.groups ?? {}
  if (id === undefined || !Number.isSafeInteger(Number(id))) return undefined
  if (node === undefined) return { text, instance: Number(id) }
  return { text, run: Number(id), node, element: element === undefined ? null : Number(element) }
}

/** The nodes that a command is for, as many as are named. */
export function nodeArgument(): Argument {
  return new Argument('<node...>', 'run/node, run/node/element from 0, or the identifier of an instance').argParser(
    (text: string, before: readonly NodeRef[] | undefined): readonly NodeRef[] => {
      const ref = readNodeRef(text)
      if (ref !== undefined) return [...(before ?? []), ref]
      throw new InvalidArgumentError('It looks like 2855706575241237/send, an element of it like 2855706575241237/send/0.')
    },
  )
}

/** The instance that stands for it now: of a node that was run again, the last one. */
export async function instanceOf(client: Client, ref: NodeRef): Promise<number> {
  if ('instance' in ref) return ref.instance
  const { text, run, node, element } = ref
  for await (const each of everyPage((query) => client.instances.list({ query: { ...query, run } }))) {
    if (each.nodeCode !== node || (element !== null && each.shardIndex !== element)) continue
    if (element !== null || each.shardTotal <= 1) return each.id
    const last = `${text}/${each.shardTotal - 1}`
    throw new CarillonError('NOT_FOUND', `"${text}" has ${each.shardTotal} elements: name one, from ${text}/0 to ${last}.`)
  }
  throw new CarillonError('NOT_FOUND', `Run ${run} has no "${text}"; npx carillon get instances -f run=${run} lists what it has.`)
}
