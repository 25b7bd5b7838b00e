import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Celery } from '../../src/create-celery.ts'
import { createDeadLetters } from '../../src/dead-letters/index.ts'
import { noLog } from '../../src/log.ts'
import { isReady, type TaskMeta } from '../../src/results/port.ts'
import type { FaultServer } from '../../testing/fault-servers/server.ts'
import { Random } from '../../testing/random.ts'
import { EffectsReader } from './effects.ts'
import { type BrokerKind, createFaultsApp, queueName, startServers } from './kinds.ts'
import { chordsLeft, messagesLeft } from './leftovers.ts'
import { Load } from './load.ts'
import { Network } from './network.ts'
import { describeFault, type Fault, type Round } from './plan.ts'
import { defineTasks } from './tasks.ts'
import { earlyLost, hasAllEffects, judge, mostEarlyLost, type Verdict } from './verdict.ts'
import { WorkerProcess } from './worker-process.ts'

export interface TrialOptions {
  kind: BrokerKind
  seed: number
  /** An empty folder for the servers' data, the effects and the workers' logs. */
  folder: string
  workers: number
  /** Made when it is known how many servers there are. */
  plan(servers: number): Round[]
  tell(line: string): void
}

export interface TrialReport extends Verdict {
  kind: BrokerKind
  seconds: number
  /** How often each kind of fault was. */
  done: Map<string, number>
  workerKills: number
  /** Times that a worker could not start, as a server was down. */
  failedStarts: number
  /** Errors that workers logged. */
  errors: Map<string, number>
  /** Chords that were sent again after they were done, of which the store keeps a part for a day. */
  chordsLeft: number
}

/**
 * Milliseconds: without any progress after which what is missing is lost, without a message after which none will come
 * any more (one that is not yet due is held for less), and between two looks.
 */
const [patience, stillTime, pause] = [60_000, 3_000, 100]
/** Enough for some of each kind. */
const firstTasks = 100

/** Runs tasks while workers, servers and connections are killed, and says what became of them. */
export async function runTrial(options: TrialOptions): Promise<TrialReport> {
  chmodSync(options.folder, 0o755)
  const trial = new Trial(options, await startServers(options.kind, options.folder))
  try {
    return await trial.run()
  } finally {
    await trial.close()
  }
}

class Trial {
  readonly #options: TrialOptions
  readonly #servers: readonly FaultServer[]
  readonly #effects: EffectsReader
  readonly #effectsFile: string
  readonly #workers: WorkerProcess[] = []
  readonly #done = new Map<string, number>()
  #network: Network | undefined
  #app: Celery | undefined

  constructor(options: TrialOptions, servers: readonly FaultServer[]) {
    this.#options = options
    this.#servers = servers
    this.#effectsFile = join(options.folder, 'effects')
    this.#effects = new EffectsReader(this.#effectsFile)
  }

  async run(): Promise<TrialReport> {
    const { seed, workers, plan } = this.#options
    const since = Date.now()
    const network = await Network.create(workers + 1, this.#servers)
    this.#network = network
    const app = await createFaultsApp(this.#placeOf(network, workers), noLog)
    this.#app = app
    const load = new Load(
      app,
      defineTasks(app, () => undefined),
      new Random(seed ^ 0x5eed),
    )
    for (let index = 0; index < workers; index++) this.#workers.push(this.#startWorker(network, index))
    await Promise.all(this.#workers.map((worker) => worker.ready()))
    await this.#beginWell(app, load)
    for (const [index, round] of plan(this.#servers.length).entries()) {
      await this.#play(round, index, network, load)
    }
    this.#options.tell(`${load.sent.length} tasks sent; nothing goes wrong any more`)
    const metas = await this.#drain(app, load)
    await this.#untilEmpty()
    const faults = await this.#stopWorkers()
    const left = await this.#leftovers(app)
    const verdict = judge(load.sent, this.#effects, metas)
    const workerKills = sum(this.#workers.map(({ kills }) => kills))
    const lost = earlyLost(verdict.kinds)
    if (lost > mostEarlyLost(workerKills)) faults.push(`${lost} that were acknowledged early are lost`)
    return {
      kind: this.#options.kind,
      seconds: (Date.now() - since) / 1_000,
      ...verdict,
      faults: [...verdict.faults, ...faults, ...left.faults],
      chordsLeft: left.chords,
      done: this.#done,
      workerKills,
      failedStarts: sum(this.#workers.map(({ failedStarts }) => failedStarts)),
      errors: errorsOf(this.#workers),
    }
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#workers.map((worker) => worker.end()))
    await this.#app?.close()
    await this.#network?.close()
    this.#effects.close()
    await Promise.allSettled(this.#servers.map((server) => server.stop()))
  }

  /**
   * All kinds of tasks once without faults, so that every queue is declared, and RabbitMQ stopped cleanly and started: a
   * quorum queue (those of delays are) that is killed in the second of its declaration comes back without a leader and
   * without its messages. https://github.com/rabbitmq/rabbitmq-server/issues/15725
   */
  async #beginWell(app: Celery, load: Load): Promise<void> {
    const server = this.#server(0)
    if (server.name !== 'rabbitmq') return
    await load.send(firstTasks)
    await this.#drain(app, load)
    await server.stop()
    await server.start()
  }

  async #play({ tasks, wait, fault }: Round, index: number, network: Network, load: Load): Promise<void> {
    this.#options.tell(`${load.sent.length} sent; round ${index + 1}: ${describeFault(fault)}`)
    const name = fault.kind === 'kill server' ? `kill ${this.#server(fault.server).name}` : fault.kind
    this.#done.set(name, (this.#done.get(name) ?? 0) + 1)
    const sending = load.send(tasks)
    await Promise.all([sending, sleep(wait * 1_000).then(() => this.#carryOut(fault, network))])
  }

  async #carryOut(fault: Fault, network: Network): Promise<void> {
    switch (fault.kind) {
      case 'kill worker':
        await this.#workers[fault.worker]?.kill()
        return
      case 'kill server': {
        const server = this.#server(fault.server)
        await server.kill()
        await sleep(fault.down * 1_000)
        await server.start()
        return
      }
      case 'cut':
        network.cut(fault.where, fault.afterBytes)
        return
      case 'freeze':
        network.freeze(fault.where, fault.afterBytes)
        await sleep(fault.seconds * 1_000)
        network.thaw(fault.where)
    }
  }

  /** Until everything has its effect and its result, or nothing comes any more. Returns the results. */
  async #drain(app: Celery, load: Load): Promise<Map<string, TaskMeta>> {
    const [broker, results] = [await app.broker(), await app.results()]
    const metas = new Map<string, TaskMeta>()
    let open = load.sent
    let quietSince = Date.now()
    while (open.length > 0 && Date.now() - quietSince < patience) {
      const before = open.length
      const isNew = this.#effects.read() > 0
      for (const meta of (await results?.get(open.map(({ id }) => id))) ?? []) {
        if (meta && isReady(meta.status)) metas.set(meta.task_id, meta)
      }
      open = open.filter((task) => !metas.has(task.id) || !hasAllEffects(task, this.#effects))
      // What was acknowledged and then killed never comes.
      const isEmpty = (await broker.depth(queueName))?.messages === 0
      const isQuiet = isEmpty && !isNew && Date.now() - quietSince > patience / 4
      if (isQuiet && open.every(({ kind }) => kind === 'early')) break
      if (open.length < before || isNew) quietSince = Date.now()
      await sleep(pause)
    }
    return metas
  }

  /** What comes again of tasks that are done, such as a retry that was sent twice, is run too. */
  async #untilEmpty(): Promise<void> {
    const deadline = Date.now() + patience
    for (let emptySince = Date.now(); Date.now() - emptySince < stillTime && Date.now() < deadline; ) {
      if ((await this.#messagesLeft()).size > 0) emptySince = Date.now()
      await sleep(5 * pause)
    }
  }

  #messagesLeft(): Promise<Map<string, number>> {
    return messagesLeft(this.#options.kind, this.#direct(this.#server(0)))
  }

  async #stopWorkers(): Promise<string[]> {
    await Promise.all(this.#workers.map((worker) => worker.ready()))
    const codes = await Promise.all(this.#workers.map((worker) => worker.stop()))
    this.#effects.read()
    const crashes = sum(this.#workers.map(({ crashes }) => crashes))
    const faults = crashes === 0 ? [] : [`workers ended by themselves ${crashes} times`]
    for (const [index, code] of codes.entries()) {
      if (code !== 0) faults.push(`worker ${index + 1} did not stop cleanly: exit code ${code ?? 'none'}`)
    }
    return faults
  }

  async #leftovers(app: Celery): Promise<{ faults: string[]; chords: number }> {
    const left = await this.#messagesLeft()
    const faults = [...left].map(([place, count]) => `${count} messages are left in ${place}`)
    const { letters } = await createDeadLetters(app).list()
    faults.push(...letters.map(({ task, taskId, reason }) => `dead letter: ${task} ${taskId}: ${reason}`))
    const results = this.#server(this.#servers.length - 1)
    return { faults, chords: await chordsLeft(this.#options.kind, this.#direct(results)) }
  }

  #startWorker(network: Network, index: number): WorkerProcess {
    const { folder } = this.#options
    const { kind, broker, results } = this.#placeOf(network, index)
    return new WorkerProcess({
      name: `worker${index + 1}@faults`,
      env: {
        FAULTS_KIND: kind,
        FAULTS_BROKER: broker,
        FAULTS_RESULTS: results,
        FAULTS_EFFECTS: this.#effectsFile,
      },
      logFile: join(folder, `worker-${index + 1}.log`),
    })
  }

  #placeOf(network: Network, process: number) {
    const [broker, results = broker] = this.#servers
    if (!broker || !results) throw new Error('there are no servers')
    const { kind } = this.#options
    return { kind, broker: network.url(process, broker), results: network.url(process, results) }
  }

  /** Past the proxies where it has a port; through the client's, which nothing breaks any more, where it has not. */
  #direct(server: FaultServer): string {
    if ('port' in server.target) return server.urlAt(server.target.port)
    if (!this.#network) throw new Error('there is no network')
    return this.#network.url(this.#options.workers, server)
  }

  #server(index: number): FaultServer {
    const server = this.#servers[index]
    if (!server) throw new Error(`there is no server ${index}`)
    return server
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

function errorsOf(workers: readonly WorkerProcess[]): Map<string, number> {
  const errors = new Map<string, number>()
  for (const worker of workers) {
    for (const [message, count] of worker.errors) errors.set(message, (errors.get(message) ?? 0) + count)
  }
  return errors
}
