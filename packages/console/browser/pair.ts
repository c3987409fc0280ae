import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbeddedPostgres } from '@carillon/server'
import { CARILLON, found, hear, type Stage } from './stage.ts'

/** Two server nodes on one database. The one that was started first leads. */
export interface Pair {
  /** The one that does not lead. */
  readonly stage: Stage
  /** At once, as if the power had failed. */
  killLeader(): Promise<void>
  stop(): Promise<void>
}

export async function startPair(): Promise<Pair> {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-pair-'))
  const postgres = await startEmbeddedPostgres({ dataDir: join(folder, 'database'), log: () => undefined })
  const start = (name: string) =>
    spawn(process.execPath, [CARILLON, 'server', '--port', '0'], {
      cwd: folder,
      env: { ...process.env, DATABASE_URL: postgres.url, CARILLON_DATA_DIR: join(folder, name) },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  const end = async (node: ChildProcess, signal: NodeJS.Signals) => {
    if (node.exitCode !== null || node.signalCode !== null) return
    const ended = once(node, 'close')
    node.kill(signal)
    await ended
  }
  const leader = start('first')
  const first = await hear(leader, /Listening/)
  const other = start('second')
  const second = await hear(other, /Listening/)
  return {
    stage: {
      url: found(second, /"url":"(http:[^"]+)"/),
      login: found(first, /administrator\s+(\S+)/),
      password: found(first, /password\s+(\S+)/),
      token: found(first, /token\s+(carillon_\S+)/),
    },
    killLeader: () => end(leader, 'SIGKILL'),
    async stop() {
      await end(leader, 'SIGKILL')
      await end(other, 'SIGTERM')
      await postgres.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Stands between a browser and a node. Silent, it accepts what comes and lets nothing through, as a network does that swallows everything. */
export interface Wire {
  readonly url: string
  silence(on: boolean): void
  close(): void
}

export async function startWire(target: string): Promise<Wire> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  let silent = false
  const join = (from: Socket, to: Socket) => {
    sockets.add(from)
    from.on('data', (piece) => to.write(piece))
    from.on('error', () => undefined)
    from.on('close', () => {
      sockets.delete(from)
      to.destroy()
    })
    if (silent) from.pause()
  }
  const server = createServer((client) => {
    const node = connect({ host: hostname, port: Number(port) })
    join(client, node)
    join(node, client)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    silence(on) {
      silent = on
      for (const socket of sockets)
        if (on) socket.pause()
        else socket.resume()
    },
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
