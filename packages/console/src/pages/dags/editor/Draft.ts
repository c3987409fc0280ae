import type { Client, DagVersion } from '@carillon/contract'
import type { DagDefinition } from '@carillon/core'
import { ApiProblem, ServerUnreachable, isConflict } from '../../../api/problem.ts'
import type { Edit } from './document.ts'
import { edited, present, redone, restored, startHistory, undone, type History } from './history.ts'
import { forgetJournal, readJournal, writeJournal, type JournalEntry } from './journal.ts'
import { merge, same, type Choices, type Clash } from './merge.ts'

/** Where what is typed is: said to people word for word. */
export type SaveStatus =
  | { readonly kind: 'SAVED'; readonly at: number; readonly merged: boolean }
  | { readonly kind: 'SAVING' }
  /** The server does not answer: everything is kept in this browser, and sent when it does. */
  | { readonly kind: 'UNREACHABLE'; readonly changes: number }
  /** Somebody else changed the same parts: a person has to choose. */
  | { readonly kind: 'CLASH'; readonly clashes: readonly Clash[]; readonly theirs: DagVersion }
  /** The server takes it not as it is. */
  | { readonly kind: 'REFUSED'; readonly error: ApiProblem }
  /** The draft was published or deleted meanwhile: it can be saved as another one. */
  | { readonly kind: 'GONE'; readonly error: ApiProblem }

export interface DraftState {
  readonly history: History
  readonly definition: DagDefinition
  readonly saved: { readonly definition: DagDefinition; readonly revision: number }
  readonly status: SaveStatus
}

interface DraftPlace {
  readonly api: Client
  readonly dag: string
  readonly number: number
  /** Of the journal: tenant, user, DAG and version. */
  readonly key: string
}

const REST_MS = 500
const AGAIN_MS = 2_000

/** A draft being edited: it writes every edit to the browser at once and to the server when typing rests, and brings others' edits in. */
export class Draft {
  readonly #place: DraftPlace
  readonly #listeners = new Set<() => void>()
  #state: DraftState
  #timer: ReturnType<typeof setTimeout> | undefined
  #saving = false
  #savedAt = 0
  #ended = false

  private constructor(place: DraftPlace, state: DraftState) {
    this.#place = place
    this.#state = state
    this.#savedAt = state.history.at
  }

  /** With what this browser had kept of it; edits that never reached the server are sent now. */
  static async open(place: DraftPlace): Promise<Draft> {
    const [version, entry] = await Promise.all([read(place), readJournal(place.key)])
    const served = { definition: version.definition as DagDefinition, revision: version.revision }
    const status: SaveStatus = { kind: 'SAVED', at: version.updatedAt, merged: false }
    const kept = entry === null ? null : historyOf(entry)
    if (entry === null || kept === null)
      return new Draft(place, { history: startHistory(served.definition), definition: served.definition, saved: served, status })
    const definition = present(kept)
    const inStep = entry.saved.revision === served.revision || same(definition, served.definition)
    const saved = inStep ? served : entry.saved
    const draft = new Draft(place, { history: kept, definition, saved, status })
    if (!inStep) draft.#bringIn(version)
    else if (!same(definition, served.definition)) draft.#schedule(0)
    return draft
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly state = (): DraftState => this.#state

  edit(edit: Edit): void {
    this.#step(edited(this.#state.history, edit))
  }

  undo(): void {
    this.#step(undone(this.#state.history))
  }

  redo(): void {
    this.#step(redone(this.#state.history))
  }

  /** Takes of each clash what was chosen, and goes on. */
  settle(choices: Choices): void {
    const { status } = this.#state
    if (status.kind === 'CLASH') this.#bringIn(status.theirs, choices)
  }

  /** Brings another version's definition in, as if somebody had saved it here. Clashes keep what is here unless chosen otherwise. */
  take(base: DagDefinition, theirs: DagDefinition, choices: Choices): void {
    const { definition } = merge(base, this.#state.definition, theirs, choices)
    if (!same(definition, this.#state.definition)) this.edit({ kind: 'REPLACE', definition, why: 'MERGE' })
  }

  /** Everything is on the server, or it is said why not. */
  async flush(): Promise<boolean> {
    clearTimeout(this.#timer)
    await this.#save()
    return this.#state.status.kind === 'SAVED'
  }

  /** Looks whether somebody else has saved since. */
  async refresh(): Promise<void> {
    if (this.#saving || this.#state.status.kind === 'CLASH') return
    try {
      const version = await read(this.#place)
      if (version.revision !== this.#state.saved.revision && !this.#saving) this.#bringIn(version)
    } catch {
      // Saving says what is wrong; looking says nothing.
    }
  }

  /** It was published: nothing of it has to be kept. */
  async forget(): Promise<void> {
    this.dispose()
    await forgetJournal(this.#place.key)
  }

  dispose(): void {
    this.#ended = true
    clearTimeout(this.#timer)
  }

  #set(changes: Partial<DraftState>): void {
    this.#state = { ...this.#state, ...changes }
    for (const listener of this.#listeners) listener()
  }

  #step(history: History): void {
    if (history === this.#state.history) return
    this.#set({ history, definition: present(history) })
    this.#keep()
    this.#schedule(REST_MS)
  }

  #keep(): void {
    const { history, saved } = this.#state
    const { base, edits, at } = history
    void writeJournal({ key: this.#place.key, base, edits, at, saved })
  }

  #schedule(ms: number): void {
    const { kind } = this.#state.status
    if (this.#ended || kind === 'CLASH' || kind === 'GONE') return
    if (kind === 'UNREACHABLE') this.#set({ status: this.#unreachable() })
    else this.#set({ status: { kind: 'SAVING' } })
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#save(), ms)
  }

  #unreachable(): SaveStatus {
    return { kind: 'UNREACHABLE', changes: Math.max(1, Math.abs(this.#state.history.at - this.#savedAt)) }
  }

  async #save(): Promise<void> {
    if (this.#saving) return
    const { definition, saved, history } = this.#state
    if (same(definition, saved.definition)) {
      this.#set({ status: { kind: 'SAVED', at: Date.now(), merged: false } })
      return
    }
    this.#saving = true
    try {
      const { dag, number, api } = this.#place
      const { revision } = await api.dagVersions.update({
        params: { dag, number },
        body: { revision: saved.revision, definition: definition as DagVersion['definition'], incomplete: true },
      })
      this.#savedAt = history.at
      this.#set({ saved: { definition, revision }, status: { kind: 'SAVED', at: Date.now(), merged: false } })
      this.#keep()
      this.#saving = false
      // It went on while this was under way.
      if (this.#state.definition !== definition) this.#schedule(REST_MS)
    } catch (error) {
      this.#saving = false
      await this.#failed(error)
    }
  }

  async #failed(error: unknown): Promise<void> {
    if (isConflict(error)) {
      try {
        this.#bringIn(await read(this.#place))
      } catch (cause) {
        await this.#failed(cause)
      }
    } else if (error instanceof ApiProblem && (error.status === 404 || error.code === 'STATE_CONFLICT')) {
      this.#set({ status: { kind: 'GONE', error } })
    } else if (error instanceof ApiProblem && error.status < 500 && error.status !== 401 && error.status !== 429) {
      this.#set({ status: { kind: 'REFUSED', error } })
    } else if (!this.#ended) {
      // No answer, or one that another try may not get: a restarting server, a session that is signed in again.
      if (!(error instanceof ApiProblem || error instanceof ServerUnreachable)) console.error(error)
      this.#set({ status: this.#unreachable() })
      this.#timer = setTimeout(() => void this.#save(), AGAIN_MS)
    }
  }

  #bringIn(theirs: DagVersion, choices?: Choices): void {
    if (theirs.state !== 'DRAFT') {
      const detail = `Version ${theirs.number} is no draft any more.`
      this.#set({ status: { kind: 'GONE', error: new ApiProblem(409, { detail, code: 'STATE_CONFLICT' }) } })
      return
    }
    const served = theirs.definition as DagDefinition
    const { definition, clashes } = merge(this.#state.saved.definition, this.#state.definition, served, choices)
    if (clashes.length > 0 && choices === undefined) {
      this.#set({ status: { kind: 'CLASH', clashes, theirs } })
      return
    }
    const changed = !same(definition, this.#state.definition)
    const history = changed ? edited(this.#state.history, { kind: 'REPLACE', definition, why: 'MERGE' }) : this.#state.history
    this.#set({
      history,
      definition: present(history),
      saved: { definition: served, revision: theirs.revision },
      status: { kind: 'SAVED', at: theirs.updatedAt, merged: changed },
    })
    this.#keep()
    if (!same(definition, served)) this.#schedule(0)
  }
}

async function read({ api, dag, number }: DraftPlace): Promise<DagVersion> {
  return api.dagVersions.get({ params: { dag, number } })
}

/** Null: kept by an earlier console, which meant it otherwise. */
function historyOf(entry: JournalEntry): History | null {
  try {
    return restored(entry)
  } catch {
    return null
  }
}
