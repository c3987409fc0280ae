import Type from 'typebox'
import { describe, expect, it } from 'vitest'
import type { HandlerContext } from './context.ts'
import { handler, handlersOf } from './decorators.ts'
import { defineHandler } from './define-handler.ts'
import { indexHandlers } from './handler-index.ts'
import { runHandler } from './testing/run-handler.ts'

const Day = Type.Object({ day: Type.String() })

class Reports {
  readonly #prefix: string
  constructor(prefix: string) {
    this.#prefix = prefix
  }

  @handler('reports.daily', { params: Day })
  daily({ params }: HandlerContext<{ day: string }>) {
    return `${this.#prefix} ${params.day}`
  }

  @handler()
  weekly() {
    return `${this.#prefix} week`
  }

  notAHandler() {}
}

@handler('orders.clean-up')
class CleanUp {
  run({ attempt }: HandlerContext) {
    return attempt
  }
}

class Plain {
  run() {
    return 'plain'
  }
}

describe('@handler', () => {
  it('makes handlers of methods, by their own name or the one given, with their object', async () => {
    const [daily, weekly, ...rest] = handlersOf(new Reports('A'))
    expect([daily!.name, weekly!.name, rest]).toEqual(['reports.daily', 'weekly', []])
    expect(await runHandler(daily!, { params: { day: 'Monday' } })).toMatchObject({ output: 'A Monday' })
    expect(await runHandler(daily!, { params: {} })).toMatchObject({ error: { code: 'PARAMS_INVALID' } })
    expect(await runHandler(weekly!)).toMatchObject({ output: 'A week' })
  })

  it('keeps objects of one class apart', async () => {
    const [a] = handlersOf(new Reports('A'))
    handlersOf(new Reports('B'))
    expect(await runHandler(a!, { params: { day: '1' } })).toMatchObject({ output: 'A 1' })
  })

  it('calls what a subclass puts in the place of a method', async () => {
    class Special extends Reports {
      override weekly() {
        return 'special'
      }
    }
    const weekly = handlersOf(new Special('A')).find(({ name }) => name === 'weekly')
    expect(await runHandler(weekly!)).toMatchObject({ output: 'special' })
  })

  it('makes one handler of a class with a run method, which answers to the name of the class as well', async () => {
    const index = indexHandlers(handlersOf(new CleanUp()))
    expect(index.names).toEqual(['orders.clean-up', 'CleanUp'])
    expect(await runHandler(index.find('CleanUp')!, { attempt: 3 })).toMatchObject({ output: 3 })
  })
})

describe('handlersOf', () => {
  it('needs no decorator for an object that has a run method', () => {
    expect(handlersOf(new Plain()).map(({ name }) => name)).toEqual(['Plain'])
  })

  it('refuses an object without handlers and says what to do', () => {
    expect(() => handlersOf(new (class Empty {})())).toThrow(
      'Empty has no handlers: mark methods with @handler, or give it a run method',
    )
  })
})

describe('Handlers of an executor', () => {
  const named = (name: string, className?: string) =>
    defineHandler({ name, run: () => name, ...(className !== undefined && { className }) })

  it('are found by their name before a class of that name', () => {
    const index = indexHandlers([named('other', 'Same'), named('Same')])
    expect(index.find('Same')!.name).toBe('Same')
  })

  it('may not share a name', () => {
    expect(() => indexHandlers([named('same'), named('same')])).toThrow('Two handlers are named "same"')
  })

  it('need a name', () => {
    expect(() => named('')).toThrow('A handler needs a name of 1 to 200 characters; got ""')
  })
})
