import pino from 'pino'
import { describe, expect, it } from 'vitest'
import winston from 'winston'
import type { HandlerContext } from './context.ts'
import { defineHandler } from './define-handler.ts'
import { pinoBridge } from './pino-bridge.ts'
import { runHandler } from './testing/run-handler.ts'
import { winstonBridge } from './winston-bridge.ts'

async function linesOf(run: (context: HandlerContext) => unknown): Promise<string[]> {
  const { outcome, logs } = await runHandler(defineHandler({ name: 'test', run }))
  expect(outcome).toBe('SUCCESS')
  return logs.map(({ level, text }) => `${level} ${text}`)
}

describe('The bridge to pino', () => {
  it('keeps level, message and fields, children and errors included', async () => {
    const lines = await linesOf((context) => {
      const logger = pino({ level: 'trace' }, pinoBridge(context))
      logger.trace('a')
      logger.debug({ rows: 3 }, 'b')
      logger.info('c %d', 1)
      logger.child({ part: 'x' }).warn('d')
      logger.error(new Error('boom'))
      logger.fatal('f')
      logger.info({ only: 'fields' })
      pino(pinoBridge(context)).info('alone')
    })
    expect(lines.map((line) => line.replace(/,"stack":".*"/, ''))).toEqual([
      'DEBUG a',
      'DEBUG b {"rows":3}',
      'INFO c 1',
      'WARN d {"part":"x"}',
      'ERROR boom {"err":{"type":"Error","message":"boom"}}',
      'ERROR f',
      'INFO {"only":"fields"}',
      'INFO alone',
    ])
  })

  it('takes level names, and lines that are not JSON', async () => {
    const lines = await linesOf((context) => {
      pino({ formatters: { level: (label) => ({ level: label }) } }, pinoBridge(context)).error('named')
      pinoBridge(context).write('not json\n')
    })
    expect(lines).toEqual(['ERROR named', 'INFO not json'])
  })
})

describe('The bridge to winston', () => {
  it('keeps level, message and fields', async () => {
    const lines = await linesOf((context) => {
      const logger = winston.createLogger({ level: 'silly', transports: [winstonBridge(context)] })
      logger.silly('a')
      logger.debug('b', { rows: 3 })
      logger.info('c')
      logger.child({ part: 'x' }).warn('d')
      logger.error('e')
    })
    expect(lines).toEqual(['DEBUG a', 'DEBUG b {"rows":3}', 'INFO c', 'WARN d {"part":"x"}', 'ERROR e'])
  })

  it('keeps to the level of the logger, also with coloured levels and those of syslog', async () => {
    const lines = await linesOf((context) => {
      const { levels } = winston.config.syslog
      const format = winston.format.colorize()
      const logger = winston.createLogger({ level: 'notice', levels, format, transports: [winstonBridge(context)] })
      logger.info('too fine')
      logger.notice('noticed')
      logger.crit('grave')
    })
    expect(lines).toEqual(['INFO noticed', 'ERROR grave'])
  })
})
