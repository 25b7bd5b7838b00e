import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../free-port.ts'
import { type FaultServer, ServerProcess, untilItAnswers } from './server.ts'

/** Debian's own, past its wrapper, which changes the user and forgets the environment. */
const debianProgram = '/usr/lib/rabbitmq/bin/rabbitmq-server'

/** A RabbitMQ node of its own: with its own port mapper, so that it meets no other on this machine. */
export async function createRabbitmq(folder: string): Promise<FaultServer> {
  const [port, distribution, mapper] = [await freePort(), await freePort(), await freePort()]
  const home = join(folder, 'rabbitmq')
  mkdirSync(home, { recursive: true })
  const plugins = join(home, 'enabled_plugins')
  writeFileSync(plugins, '[].')
  const account = accountOf(home)
  const env = {
    ...process.env,
    HOME: home,
    RABBITMQ_NODENAME: `faults${port}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distribution),
    RABBITMQ_MNESIA_BASE: join(home, 'data'),
    RABBITMQ_LOG_BASE: join(home, 'logs'),
    RABBITMQ_ENABLED_PLUGINS_FILE: plugins,
    RABBITMQ_CONFIG_FILE: join(home, 'rabbitmq'),
    ERL_EPMD_PORT: String(mapper),
    ERL_EPMD_ADDRESS: '127.0.0.1',
  }
  const options = { env, cwd: home, ...account }
  const program = existsSync(debianProgram) ? debianProgram : 'rabbitmq-server'
  const log = join(home, 'log')
  let portMapper: ServerProcess | undefined
  let running: ServerProcess | undefined
  return {
    name: 'rabbitmq',
    target: { host: '127.0.0.1', port },
    // Signs of life every 4 seconds, so that a frozen connection is found out about within a trial.
    urlAt: (proxy) => `amqp://guest:guest@127.0.0.1:${proxy}//?heartbeat=4`,
    async start() {
      portMapper ??= new ServerProcess('epmd', ['-port', String(mapper)], log, options)
      const process = new ServerProcess(program, [], log, options)
      running = process
      const greeting = Buffer.from('AMQP\x00\x00\x09\x01', 'latin1')
      const isReady = (answer: Buffer) => answer[0] === 1
      await untilItAnswers({ name: 'rabbitmq', port, process }, greeting, isReady)
    },
    kill: async () => (await running?.kill()) ?? false,
    async stop() {
      const wasThere = (await running?.stop()) ?? false
      await portMapper?.stop()
      portMapper = undefined
      return wasThere
    },
  }
}

/** RabbitMQ's own account where root runs the trial and there is one. */
function accountOf(home: string): { uid?: number; gid?: number } {
  if (process.geteuid?.() !== 0) return {}
  const [uid, gid] = ['-u', '-g'].map((what) => Number(spawnSync('id', [what, 'rabbitmq']).stdout))
  if (!uid || !gid) return {}
  spawnSync('chown', ['-R', 'rabbitmq:', home])
  chmodSync(home, 0o700)
  return { uid, gid }
}
