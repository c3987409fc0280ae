// An executor as people run it who use the npm package `@dalongrong/xxl-job-executor`: nothing in it knows of Carillon. It reads
// XXL_JOB_EXECUTOR_KEY, XXL_JOB_SCHEDULE_CENTER_URL, XXL_JOB_ACCESS_TOKEN and XXL_JOB_JOB_LOG_PATH by itself.
import XxlJobExecutor from '@dalongrong/xxl-job-executor'
import express from 'express'

const { PORT = '9984' } = process.env

const jobHandlers = new Map([
  [
    'greet',
    async (logger, params) => {
      logger.debug('Hello, %s!', params.name)
    },
  ],
  [
    'fail',
    async () => {
      throw new Error('The shelf is empty.')
    },
  ],
])

const app = express()
app.use(express.json())
app.listen(Number(PORT), '127.0.0.1', () => {
  const executor = new XxlJobExecutor(jobHandlers)
  executor.applyMiddleware({ app, appType: 'EXPRESS', appDomain: `http://127.0.0.1:${PORT}`, path: '/job' })
  process.on('SIGTERM', () => executor.close().then(() => process.exit(0)))
  console.log('dalongrong is ready')
})
