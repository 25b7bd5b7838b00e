#!/usr/bin/env node
import { setImmediate } from 'node:timers/promises'
import { processIo } from './io.ts'
import { run } from './run.ts'

// A log that nobody reads any more is no reason to stop working, and could not say so.
process.stderr.on('error', () => undefined)

const code = await run(process.argv.slice(2), processIo)
// That nobody reads what was written last is told a moment later.
await setImmediate()
// A task that heeds no signal must not keep a process that has stopped.
process.exit(code)
