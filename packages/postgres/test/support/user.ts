// A program that uses a data folder, to be killed and signalled: `node user.ts OPTIONS`, JSON for attachEmbedded.
// It writes a line when it is attached and one with the error when it cannot be; a line on its standard input
// is a statement to run, and the end of that makes it leave. It ignores Ctrl-C, as a program that drains does.
import { createInterface } from 'node:readline'
import { attachEmbedded, openDatabase, raw } from '../../src/index.ts'

const say = (message: object): void => console.log(JSON.stringify(message))

process.on('SIGINT', () => say({ interrupted: true }))
try {
  const options = JSON.parse(process.argv[2] ?? '{}')
  const embedded = await attachEmbedded(options)
  const database = openDatabase({ connection: embedded.connection, application: options.application })
  say({ attached: true, ...embedded.connection })
  for await (const statement of createInterface(process.stdin))
    say({ rows: await database.query(raw(statement)) })
  await database.close()
  await embedded.release()
  say({ released: true })
} catch (error) {
  say({ error: error instanceof Error ? error.message : String(error) })
  process.exitCode = 1
}
