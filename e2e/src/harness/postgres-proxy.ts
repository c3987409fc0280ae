import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { ClientMessages, type Said } from './postgres-wire.ts'
import type { Stage } from './stage.ts'

/**
 * What becomes of a COMMIT. HOLD: it does not arrive until it is released. CUT_REQUEST: the connection ends before it arrives.
 * CUT_ANSWER: it is carried out, and the connection ends before the client hears so.
 */
export type CommitFate = 'PASS' | 'HOLD' | 'CUT_REQUEST' | 'CUT_ANSWER'

/** Is asked at each COMMIT, with the names of the statements that the transaction executed. */
export type CommitRule = (statements: ReadonlySet<string>) => CommitFate

/**
 * What becomes of everything else. BLACKHOLE: nothing gets through, connections are accepted and never answered. DEAF: what the client
 * says arrives, what PostgreSQL answers does not. SLOW: each piece takes a while.
 */
export type Weather = 'CLEAR' | 'BLACKHOLE' | 'DEAF' | 'SLOW'

/** Stands between a server node and PostgreSQL. */
export interface PostgresProxy {
  readonly port: number
  commits: CommitRule
  setWeather(weather: Weather): void
  /** Lets held commits arrive. */
  release(): void
  /** Ends every connection the hard way. */
  reset(): void
}

const SLOW_MS = 40

export async function startPostgresProxy(
  stage: Stage,
  name: string,
  target: { readonly host: string; readonly port: number },
): Promise<PostgresProxy> {
  const pairs = new Set<Pair>()
  const state = { commits: (() => 'PASS') as CommitRule, weather: 'CLEAR' as Weather }
  const server = createServer({ pauseOnConnect: true }, (client) => {
    const pair = new Pair(client, connect(target), {
      fateOf: (statements) => noted(stage, name, state.commits(statements)),
      weather: () => state.weather,
    })
    pairs.add(pair)
    client.once('close', () => pairs.delete(pair))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  stage.defer(() => {
    server.close()
    pairs.forEach((pair) => pair.end())
  })
  return {
    port: (server.address() as AddressInfo).port,
    get commits() {
      return state.commits
    },
    set commits(rule) {
      state.commits = rule
    },
    setWeather(weather) {
      stage.note('weather', { name, weather })
      state.weather = weather
      pairs.forEach((pair) => pair.flow())
    },
    release: () => pairs.forEach((pair) => pair.release()),
    reset() {
      stage.note('reset', { name, connections: pairs.size })
      pairs.forEach((pair) => pair.reset())
    },
  }
}

function noted(stage: Stage, name: string, fate: CommitFate): CommitFate {
  if (fate !== 'PASS') stage.note(fate.toLowerCase(), { name })
  return fate
}

interface Rules {
  fateOf(statements: ReadonlySet<string>): CommitFate
  weather(): Weather
}

/** One connection and its continuation to PostgreSQL. */
class Pair {
  readonly #client: Socket
  readonly #server: Socket
  readonly #rules: Rules
  readonly #messages = new ClientMessages()
  #statements = new Set<string>()
  /** What the client said from a held COMMIT on. */
  #held: Buffer[] | null = null
  #cutAnswer = false

  constructor(client: Socket, server: Socket, rules: Rules) {
    this.#client = client
    this.#server = server
    this.#rules = rules
    for (const [socket, peer] of [
      [client, server],
      [server, client],
    ] as const) {
      socket.setNoDelay(true)
      socket.on('error', () => socket.destroy())
      socket.once('close', () => peer.destroy())
    }
    client.on('data', (chunk: Buffer) => this.#fromClient(chunk))
    server.on('data', (chunk: Buffer) => this.#fromServer(chunk))
    this.flow()
  }

  /** Follows the weather: a socket that is not read is what a network that delivers nothing looks like. */
  flow(): void {
    const weather = this.#rules.weather()
    if (weather === 'BLACKHOLE') this.#client.pause()
    else this.#client.resume()
    if (weather === 'BLACKHOLE' || weather === 'DEAF') this.#server.pause()
    else this.#server.resume()
  }

  release(): void {
    const held = this.#held
    this.#held = null
    held?.forEach((bytes) => this.#server.write(bytes))
  }

  reset(): void {
    this.#client.resetAndDestroy()
    this.#server.resetAndDestroy()
  }

  end(): void {
    this.#client.destroy()
    this.#server.destroy()
  }

  #fromClient(chunk: Buffer): void {
    for (const { said, bytes } of this.#messages.read(chunk)) {
      if (this.#held !== null) this.#held.push(bytes)
      else this.#deliver(said, bytes)
    }
  }

  #deliver(said: Said, bytes: Buffer): void {
    if (said.kind === 'BEGIN') this.#statements = new Set()
    if (said.kind === 'BIND') this.#statements.add(said.statement)
    const fate = said.kind === 'COMMIT' ? this.#rules.fateOf(this.#statements) : 'PASS'
    if (fate === 'CUT_REQUEST') return this.end()
    if (fate === 'HOLD') {
      this.#held = [bytes]
      return
    }
    this.#cutAnswer = fate === 'CUT_ANSWER'
    this.#later(() => this.#server.write(bytes))
  }

  /** A client waits for the answer to its COMMIT, so the next thing that comes is that answer. */
  #fromServer(chunk: Buffer): void {
    if (this.#cutAnswer) return this.end()
    this.#later(() => this.#client.write(chunk))
  }

  #later(write: () => void): void {
    if (this.#rules.weather() === 'SLOW') setTimeout(write, SLOW_MS)
    else write()
  }
}
