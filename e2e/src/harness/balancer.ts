import { createServer, connect, type AddressInfo, type Socket } from 'node:net'
import type { Stage } from './stage.ts'

/** What stands before several server nodes: hands each connection to the next node that accepts it. */
export async function startBalancer(stage: Stage, ports: readonly number[]): Promise<string> {
  const open = new Set<Socket>()
  let turn = 0
  const server = createServer((client) => {
    keep(open, client)
    const order = ports.map((_, place) => ports[(turn + place) % ports.length]!)
    turn++
    void firstThatAccepts(order).then((node) => {
      if (node === null || client.destroyed) return void (client.destroy(), node?.destroy())
      keep(open, node)
      client.pipe(node).pipe(client)
      client.once('close', () => node.destroy())
      node.once('close', () => client.destroy())
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  stage.defer(() => {
    server.close()
    open.forEach((socket) => socket.destroy())
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function keep(open: Set<Socket>, socket: Socket): void {
  open.add(socket)
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  socket.once('close', () => open.delete(socket))
}

async function firstThatAccepts(ports: readonly number[]): Promise<Socket | null> {
  for (const port of ports) {
    const socket = await tryConnect(port)
    if (socket !== null) return socket
  }
  return null
}

function tryConnect(port: number): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.once('connect', () => resolve(socket))
    socket.once('error', () => resolve(null))
  })
}
