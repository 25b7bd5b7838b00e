import { existsSync, globSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { SocketTarget } from '@colophon/postgres'
import { output } from '../tasks/process.ts'
import { ServersMissing } from '../tasks/servers.ts'
import type { Script } from './pgbench-script.ts'

/**
 * Where pgbench is: on PATH, or where Debian's packages put it.
 * @throws ServersMissing
 */
export function findPgbench(): string {
  const onPath = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'pgbench'))
  const found = [...onPath, ...globSync('/usr/lib/postgresql/*/bin/pgbench')].find((path) => existsSync(path))
  if (found === undefined) throw new ServersMissing('it needs pgbench, which comes with PostgreSQL')
  return found
}

/** Runs a script for so many seconds. @returns transactions per second */
export async function runPgbench(
  program: string,
  { host, port, user, database }: SocketTarget,
  { text, variables }: Script,
  { clients, seconds }: { clients: number; seconds: number },
): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'colophon-bench-'))
  const file = join(folder, 'order.sql')
  await writeFile(file, text)
  const server = ['--host', host, '--port', String(port), '--username', user]
  const load = ['--client', String(clients), '--jobs', '2', '--time', String(seconds)]
  const defined = [...variables].flatMap(([name, value]) => ['--define', `${name}=${value}`])
  const args = [...server, ...load, ...defined, '--protocol', 'prepared', '--no-vacuum', '--file', file]
  try {
    const printed = await output(program, [...args, database], {})
    const [, rate = 'nothing'] = /^tps = ([\d.]+)/m.exec(printed) ?? []
    const [, failed = '0'] = /^number of failed transactions: (\d+)/m.exec(printed) ?? []
    if (Number(failed) > 0) throw new Error(`${failed} transactions of pgbench failed`)
    return Number(rate)
  } finally {
    await rm(folder, { recursive: true })
  }
}
