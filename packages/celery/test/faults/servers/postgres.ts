import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { attachEmbedded, type EmbeddedPostgres } from '@colophon/postgres'
import type { FaultServer } from './server.ts'

/** The embedded PostgreSQL, which needs nothing installed, in a data folder of its own and as durable as it is. */
export async function createPostgres(folder: string): Promise<FaultServer> {
  const attach = () => attachEmbedded({ folder, application: 'celery faults' })
  // The path of its socket is not known before.
  const first = await attach()
  const { host, port, user, database } = first.connection
  let attached: EmbeddedPostgres | undefined = first
  return {
    name: 'postgres',
    target: { path: join(host, `.s.PGSQL.${port}`) },
    urlAt: (proxy) => `postgres://${user}@127.0.0.1:${proxy}/${database}`,
    async start() {
      attached ??= await attach()
    },
    async kill() {
      const [pid = ''] = (await readFile(join(folder, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')
      process.kill(Number(pid), 'SIGKILL')
      // Released at once, or it would be brought back right away.
      await attached?.release()
      attached = undefined
      while (isAlive(Number(pid))) await sleep(10)
    },
    stop: async () => attached?.release(),
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
