// An executor as people run it who use the npm package `xxl-job`: nothing in it knows of Carillon.
import express from 'express'
import { createXxlJobExecutor } from 'xxl-job'

const { PORT = '9983', XXL_JOB_ADMIN, XXL_JOB_APP = 'shop', XXL_JOB_ACCESS_TOKEN } = process.env

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

const jobHandlers = new Map([
  [
    'greet',
    async (logger, request, params) => {
      logger.info(`Hello, ${params}! This is part ${request.broadcastIndex} of ${request.broadcastTotal}.`)
      return { greeted: params }
    },
  ],
  [
    'fail',
    async () => {
      throw new Error('The shelf is empty.')
    },
  ],
  [
    'wait',
    async (logger, request) => {
      logger.info('Waiting until somebody stops me.')
      for (let left = 1_000; left > 0 && !request.isKill(); left--) await pause(100)
      if (request.isKill()) throw new Error('I was stopped.')
      return 'enough'
    },
  ],
])

const app = express()
app.use(express.json())
app.listen(Number(PORT), '127.0.0.1', async () => {
  const executor = createXxlJobExecutor({
    ...{ app, jobHandlers, appType: 'express', logStorage: 'local' },
    ...{ accessToken: XXL_JOB_ACCESS_TOKEN, executorKey: XXL_JOB_APP, scheduleCenterUrl: XXL_JOB_ADMIN },
    baseUrl: `http://127.0.0.1:${PORT}`,
  })
  await executor.initialization()
  process.on('SIGTERM', () => executor.cancel().then(() => process.exit(0)))
  console.log('xxl-job is ready')
})
