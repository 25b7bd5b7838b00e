import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { basename } from 'node:path'
import { promisify } from 'node:util'
import { opsPortOf } from '@colophon/gateway'
import { originOf } from '@colophon/http'
import type { Config } from './settings.ts'

/** How long the holder of a port may take to say who it is, in milliseconds. */
const answerTimeoutMs = 1_000
/** How many ports are tried to find one to offer. */
const portsTried = 100

/**
 * Tries both ports, so that a start that could not listen ends before it has written anything.
 * @throws Error in one line that says what holds the port, as far as this user can see
 */
export async function refuseTakenPorts(config: Pick<Config, 'host' | 'port' | 'opsPort'>): Promise<void> {
  const { host } = config
  const ports = { PORT: config.port, OPS_PORT: opsPortOf(config) }
  for (const [setting, port] of Object.entries(ports)) {
    const code = await bindError(host, port)
    if (code === undefined) continue
    if (code !== 'EADDRINUSE') {
      throw new Error(`cannot listen on port ${port} of ${host} (${code}): set ${setting} or HOST to another`)
    }
    const { isColophon, who } = await holderOf(host, port)
    const other = `${setting}=${await freePort(host, port, Object.values(ports))}`
    // Most often it is the shop of this very folder, which another port would not let in.
    const advice = isColophon
      ? `use it, stop it, or start another shop in another folder with ${other}`
      : `stop it, or start with ${other}`
    throw new Error(`port ${port} on ${host} is taken by ${who}: ${advice}`)
  }
}

/** Why a port cannot be listened on, as the system's code; undefined when it can. */
async function bindError(host: string, port: number): Promise<string | undefined> {
  const server = createServer()
  try {
    await once(server.listen(port, host), 'listening')
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  }
  await once(server.close(), 'close')
  return undefined
}

/** The next port that is free, and the one after it, where OPS_PORT goes by itself; 0, for any, when none is near. */
async function freePort(host: string, after: number, except: readonly number[]): Promise<number> {
  for (let port = after + 1; port < Math.min(after + portsTried, 65_535); port++) {
    if (except.includes(port) || (await bindError(host, port)) !== undefined) continue
    if ((await bindError(host, port + 1)) === undefined) return port
  }
  return 0
}

/** Who holds the port, in words too. */
async function holderOf(host: string, port: number): Promise<{ isColophon: boolean; who: string }> {
  const [isColophon, listener] = await Promise.all([answersAsColophon(host, port), listenerOn(port)])
  const name = isColophon ? 'a Colophon already running there' : listener?.name
  const process = listener === undefined ? '' : ` (process ${listener.pid})`
  return { isColophon, who: name === undefined ? 'another program' : `${name}${process}` }
}

async function answersAsColophon(host: string, port: number): Promise<boolean> {
  const reached = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host
  try {
    const signal = AbortSignal.timeout(answerTimeoutMs)
    const response = await fetch(`${originOf(reached, port)}/version`, { redirect: 'error', signal })
    const { name, version } = (await response.json()) as Record<string, unknown>
    return name === 'gateway' && typeof version === 'string'
  } catch {
    // Whatever it is, it does not answer as we do.
    return false
  }
}

/** A process that listens on a port. */
interface Listener {
  name: string
  pid: number
}

/** The process that listens on a port, when this user may see it and there is no doubt that it is the one. */
async function listenerOn(port: number): Promise<Listener | undefined> {
  try {
    return process.platform === 'linux' ? listenerInProc(port) : await listenerInLsof(port)
  } catch {
    // Neither /proc nor lsof, or nothing that this user may see.
    return undefined
  }
}

function listenerInProc(port: number): Listener | undefined {
  const tables = ['tcp', 'tcp6'].flatMap((table) =>
    visible(() => [readFileSync(`/proc/net/${table}`, 'utf8')]),
  )
  const sockets = new Set(tables.flatMap((table) => listeningSockets(table, port)))
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  // A socket that processes share counts for the first of them.
  const holders = pids.filter((pid) => {
    const files = visible(() => readdirSync(`/proc/${pid}/fd`))
    const links = files.flatMap((file) => visible(() => [readlinkSync(`/proc/${pid}/fd/${file}`)]))
    return links.filter((link) => sockets.delete(link)).length > 0
  })
  const [pid, second] = holders
  // What is left, or a second, listens on the same port of another address: which of them it is, is not known.
  if (pid === undefined || second !== undefined || sockets.size > 0) return undefined
  return { name: basename(readlinkSync(`/proc/${pid}/exe`)), pid: Number(pid) }
}

/** What stands in `/proc/net/tcp` (proc_pid_net(5)): address:port, the other end's, state 0A for listening, ..., inode. */
function listeningSockets(table: string, port: number): string[] {
  const rows = table.split('\n').map((line) => line.trim().split(/\s+/))
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return rows
    .filter(([, local, , state]) => local?.endsWith(suffix) && state === '0A')
    .map((fields) => `socket:[${fields[9]}]`)
}

/** Files of other users, and of processes that have just ended, cannot be looked at. */
function visible<T>(look: () => T[]): T[] {
  try {
    return look()
  } catch {
    return []
  }
}

/** macOS: lsof writes a line `pPID` and a line `cNAME` for each process. */
async function listenerInLsof(port: number): Promise<Listener | undefined> {
  const args = ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc']
  const { stdout } = await promisify(execFile)('lsof', args, { timeout: answerTimeoutMs })
  const [found, second] = [...stdout.matchAll(/^p(\d+)\nc(.+)$/gm)]
  if (found?.[1] === undefined || found[2] === undefined || second !== undefined) return undefined
  return { name: found[2], pid: Number(found[1]) }
}
