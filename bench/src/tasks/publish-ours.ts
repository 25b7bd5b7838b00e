// Sends the task that does nothing as often as it is told, as many at a time as it is told, and prints the seconds of
// CPU time and of the clock that this took.
import { app, noop } from './app.ts'
import { timed } from './timed.ts'

const [count = 0, atOnce = 1] = process.argv.slice(2).map(Number)
await timed(count, atOnce, () => noop.send({}, { ignoreResult: true }))
await app.close()
