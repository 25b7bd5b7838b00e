#!/usr/bin/env node
import { processIo } from './io.ts'
import { run } from './run.ts'

// A task that heeds no signal must not keep a process that has stopped.
process.exit(await run(process.argv.slice(2), processIo))
