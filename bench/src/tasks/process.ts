import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const command = fileURLToPath(import.meta.resolve('@colophon/celery')).replace('index.ts', 'cli/bin.ts')

export interface Started {
  pid: number
  stop(): Promise<void>
}

/** A worker of this package, as its users start it. */
export function startOurs(
  env: Record<string, string>,
  options: readonly string[] = [],
  nodeOptions: readonly string[] = [],
): Started {
  const app = fileURLToPath(new URL('app.ts', import.meta.url))
  return start(
    process.execPath,
    [...nodeOptions, command, '--app', app, '--loglevel', 'error', 'worker', ...nameOf(env), ...options],
    env,
  )
}

/** Celery's own worker with one process, without its talk with other workers, which would cost it time. */
export function startPython(folder: string, pool: 'prefork' | 'solo', env: Record<string, string>): Started {
  const options = ['--pool', pool, '--concurrency', '1', '--loglevel', 'error']
  const quiet = ['--without-gossip', '--without-mingle', '--without-heartbeat']
  return start(
    `${folder}/celery`,
    ['--app', 'python_tasks', 'worker', ...nameOf(env), ...options, ...quiet],
    {
      ...env,
      // It warns of root on every start.
      PYTHONWARNINGS: 'ignore',
    },
  )
}

/** A name of its own: there may be other workers on this host. */
function nameOf({ BENCH_QUEUE = 'bench' }: Record<string, string>): string[] {
  return ['--hostname', `worker@${BENCH_QUEUE}`]
}

/** One of the files beside this one. */
export function startFile(name: string, env: Record<string, string>): Started {
  return start(process.execPath, [fileURLToPath(new URL(name, import.meta.url))], env)
}

function start(program: string, args: readonly string[], env: Record<string, string>): Started {
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    cwd: import.meta.dirname,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return { pid: child.pid ?? 0, stop: () => end(child) }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await ended
  clearTimeout(timer)
}

export function outputOfFile(
  name: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<string> {
  return output(process.execPath, [fileURLToPath(new URL(name, import.meta.url)), ...args], env)
}

/** What it prints, when it ends well. */
export async function output(
  program: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<string> {
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${program} ended with ${code}`)
  return Buffer.concat(chunks).toString().trim()
}
