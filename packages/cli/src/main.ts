#!/usr/bin/env node
import { runCli } from './index.ts'

// Whoever reads our output may stop doing so (`carillon runs | head`); that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

process.exitCode = await runCli(process.argv.slice(2))
