import { join } from 'node:path'
import { attachEmbedded, openDatabase } from '@colophon/postgres'
import { atExit } from '../../packages/celery/testing/at-exit.ts'
import { freePort } from '../../packages/celery/testing/free-port.ts'
import { createMember, stopAll } from './fleet.ts'
import { killPostmaster, killPostmasterOnceBack } from './postmaster.ts'
import { commonSettings } from './settings.ts'
import type { Fleet, ShapeOptions, Victim } from './shapes.ts'

/** Milliseconds for the program to bring back its PostgreSQL. */
const backWithin = 30_000

/** Everything in one process, on the PostgreSQL of its data folder. */
export async function oneProcess({ folder, secretKey }: ShapeOptions): Promise<Fleet> {
  const data = join(folder, 'data')
  const cluster = join(data, 'postgres')
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const environment = {
    ...commonSettings,
    DATABASE_URL: `embedded:${data}`,
    SECRET_KEY: secretKey,
    PORT: String(port),
    OPS_PORT: '0',
  }
  const readyAt = `${url}/readyz`
  const program = createMember({ name: 'program', args: ['serve'], environment, folder, readyAt })
  const victim: Victim = { ...program, api: url }
  // A program that is killed leaves it running.
  const takeBack = atExit(() => killPostmaster(cluster))
  const postgres: Victim = {
    name: 'postgres',
    isServer: true,
    // The program brings it back by itself.
    start: async () => {},
    kill: () => killPostmasterOnceBack(cluster, backWithin),
  }
  return {
    urls: [url],
    environment,
    victims: [victim, postgres],
    sandboxLog: program.log,
    start: () => program.start(),
    open: () => openData(data),
    async stop() {
      const ended = await stopAll([program])
      killPostmaster(cluster)
      takeBack()
      return ended
    },
  }
}

async function openData(folder: string): ReturnType<Fleet['open']> {
  const embedded = await attachEmbedded({ folder, application: 'faults' })
  const database = openDatabase({ connection: embedded.connection, application: 'faults', max: 2 })
  return {
    database,
    async close() {
      await database.close()
      await embedded.release()
    },
  }
}
