#!/usr/bin/env node
import { setImmediate } from 'node:timers/promises'
import { processIo } from './io.ts'
import { run } from './run.ts'

const code = await run(process.argv.slice(2), processIo)
// That nobody reads what was written last is told a moment later.
await setImmediate()
// A task that heeds no signal must not keep a process that has stopped.
process.exit(code)
