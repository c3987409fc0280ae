import { expect, it } from 'vitest'
import { AttemptLog } from './attempt-log.ts'

const line = (text: string) => ({ at: 1, level: 'INFO', source: 'handler', text }) as const
const numbered = (lines: ReturnType<AttemptLog['take']>) => lines.map(({ seq, text }) => `${seq} ${text}`)

it('sends lines without an acknowledgement again, alone and under their numbers, before newer ones', () => {
  const log = new AttemptLog({ instance: 1, token: 1 })
  log.add(line('a'))
  log.add(line('b'))
  expect(numbered(log.take(10, 1000))).toEqual(['1 a', '2 b'])
  log.add(line('c'))
  log.acknowledge(1)
  expect(numbered(log.take(10, 1000))).toEqual(['2 b'])
  log.acknowledge(2)
  expect(numbered(log.take(10, 1000))).toEqual(['3 c'])
})

it('gives dropped lines no number', () => {
  const log = new AttemptLog({ instance: 1, token: 1 })
  log.add({ ...line('detail'), level: 'DEBUG' })
  log.add(line('a'))
  log.dropDebug()
  log.drop()
  expect(numbered(log.take(10, 1000))).toEqual(['1 a', '2 … 2 lines dropped: more was logged than could be sent'])
})

it('takes at least one line, however large it is', () => {
  const log = new AttemptLog({ instance: 1, token: 1 })
  log.add(line('x'.repeat(5000)))
  log.add(line('y'))
  expect(log.take(10, 100)).toHaveLength(1)
})

it('counts what it weighs, down to nothing', () => {
  const log = new AttemptLog({ instance: 1, token: 1 })
  for (const text of ['a', 'bb', 'ccc']) log.add(line(text))
  log.drop()
  log.take(10, 100_000)
  log.replace(2, 'a longer note')
  log.acknowledge(4)
  expect([log.bytes, log.empty]).toEqual([0, true])
})
