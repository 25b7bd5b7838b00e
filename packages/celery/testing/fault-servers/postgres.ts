import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { attachEmbedded, type EmbeddedPostgres } from '@colophon/postgres'
import { atExit } from '../at-exit.ts'
import type { FaultServer } from './server.ts'

/** The embedded PostgreSQL, which needs nothing installed, in a data folder of its own and as durable as it is. */
export async function createPostgres(folder: string): Promise<FaultServer> {
  const attach = () => attachEmbedded({ folder, application: 'celery faults' })
  // The path of its socket is not known before.
  const first = await attach()
  const { host, port, user, database } = first.connection
  let attached: EmbeddedPostgres | undefined = first
  const pidFile = join(folder, 'postgres', 'postmaster.pid')
  const currentPid = () => pidIn(readFileSync(pidFile, 'utf8'))
  // One that ends by itself is started again, as another process.
  let started = currentPid()
  const takeBack = atExit(() => {
    if (attached) process.kill(currentPid(), 'SIGKILL')
  })
  return {
    name: 'postgres',
    target: { path: join(host, `.s.PGSQL.${port}`) },
    urlAt: (proxy) => `postgres://${user}@127.0.0.1:${proxy}/${database}`,
    async start() {
      attached ??= await attach()
      started = currentPid()
    },
    async kill() {
      const pid = currentPid()
      process.kill(pid, 'SIGKILL')
      // Released at once, or it would be brought back right away.
      await attached?.release()
      attached = undefined
      while (isAlive(pid)) await sleep(10)
      return pid === started
    },
    async stop() {
      const wasThere = attached !== undefined && existsSync(pidFile) && currentPid() === started
      await attached?.release()
      takeBack()
      return wasThere
    },
  }
}

function pidIn(file: string): number {
  return Number(file.split('\n')[0])
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
