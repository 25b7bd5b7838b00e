import { execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from './free-port.ts'

const run = promisify(execFile)
const programs = '/usr/lib/rabbitmq/bin'

/** Whether RabbitMQ is installed here, as Debian installs it. */
export const canStartRabbitNode = existsSync(join(programs, 'rabbitmq-server'))

/** A RabbitMQ of a test's own, which it may kill, starve and configure. */
export interface RabbitNode {
  readonly url: string
  start(): Promise<void>
  /** SIGKILL, as a crash would. What was written to disk is there when it starts again. */
  kill(): Promise<void>
  /** `rabbitmqctl`, and what it printed. */
  control(...words: string[]): Promise<string>
  /** Kills it and forgets its data. */
  remove(): Promise<void>
}

/** Starts RabbitMQ on a free port, with values of the Erlang application `rabbit`. Takes about ten seconds. */
export async function startRabbitNode(settings: Record<string, string | number> = {}): Promise<RabbitNode> {
  const [port, distribution] = [await freePort(), await freePort()]
  const folder = await mkdtemp(join(tmpdir(), 'celery-rabbitmq-'))
  const values = Object.entries(settings).map(([name, value]) => `-rabbit ${name} ${value}`)
  await writeFile(join(folder, 'enabled_plugins'), '[].\n')
  const environment = {
    ...process.env,
    HOME: folder,
    RABBITMQ_NODENAME: `celery-${randomUUID()}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distribution),
    RABBITMQ_MNESIA_BASE: join(folder, 'data'),
    RABBITMQ_LOG_BASE: join(folder, 'logs'),
    RABBITMQ_CONFIG_FILE: join(folder, 'none'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: ['+S 1', ...values].join(' '),
  }
  let group: number | undefined
  let ended: Promise<unknown> = Promise.resolve()

  async function control(...words: string[]): Promise<string> {
    const options = { env: environment, timeout: 60_000 }
    return (await run(join(programs, 'rabbitmqctl'), ['-q', ...words], options)).stdout
  }

  async function start(): Promise<void> {
    const server = spawn(join(programs, 'rabbitmq-server'), [], {
      env: environment,
      detached: true,
      stdio: 'ignore',
    })
    ended = once(server, 'exit')
    group = server.pid
    await answering(port)
    await control('await_startup')
  }

  async function kill(): Promise<void> {
    if (group === undefined) return
    try {
      process.kill(-group, 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
    group = undefined
    await ended
  }

  async function remove(): Promise<void> {
    await kill()
    await rm(folder, { recursive: true, force: true })
  }

  try {
    await start()
  } catch (error) {
    await remove()
    throw error
  }
  return { url: `amqp://guest:guest@127.0.0.1:${port}/`, start, kill, control, remove }
}

async function answering(port: number): Promise<void> {
  const deadline = Date.now() + 60_000
  while (Date.now() < deadline) {
    const socket = connect(port, '127.0.0.1')
    try {
      await once(socket, 'connect')
      return
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100))
    } finally {
      socket.destroy()
    }
  }
  throw new Error(`RabbitMQ did not come up on port ${port}`)
}
