import { Random } from '../../testing/random.ts'

/** Whose connections: of one process, or of all; to one server, or to all. */
export interface Where {
  process: number | 'all'
  server: number | 'all'
}

/** What goes wrong. Durations in seconds. */
export type Fault =
  | { kind: 'kill worker'; worker: number }
  | { kind: 'kill server'; server: number; down: number }
  | { kind: 'cut'; where: Where; afterBytes: number }
  | { kind: 'freeze'; where: Where; afterBytes: number; seconds: number }

/** So many tasks are sent, and meanwhile, after `wait` seconds, something goes wrong. */
export interface Round {
  tasks: number
  wait: number
  fault: Fault
}

export interface PlanOptions {
  seed: number
  tasks: number
  workers: number
  /** How many servers there are to kill and to be cut off from. */
  servers: number
}

/** Tasks that a long trial sends in one round. */
const tasksPerRound = 800
/** Seconds of a freeze that nobody takes for the end of a connection, and of one that outlasts leases and heartbeats. */
const [short, long] = [
  [0.5, 3],
  [10, 16],
] as const

/** A long trial: faults of all kinds in random order. The same seed gives the same plan. */
export function longPlan(options: PlanOptions): Round[] {
  const random = new Random(options.seed)
  const rounds = Math.max(8, Math.round(options.tasks / tasksPerRound))
  const faults = Array.from({ length: rounds }, () => anyFault(random, options))
  return spread(faults, options, random)
}

/** A short one: each kind of fault, in random order. */
export function shortPlan(options: PlanOptions): Round[] {
  const random = new Random(options.seed)
  const all = { process: 'all', server: 'all' } as const
  const faults: Fault[] = [
    { kind: 'kill worker', worker: random.below(options.workers) },
    { kind: 'kill worker', worker: random.below(options.workers) },
    ...Array.from({ length: options.servers }, (_, server) => killServer(random, server)),
    { kind: 'cut', where: all, afterBytes: 0 },
    { kind: 'cut', where: all, afterBytes: 1 + random.below(2_000) },
    { kind: 'freeze', where: all, afterBytes: 1 + random.below(2_000), seconds: random.between(...short) },
  ]
  return spread(random.shuffled(faults), options, random)
}

function spread(faults: Fault[], { tasks }: PlanOptions, random: Random): Round[] {
  return faults.map((fault, index) => ({
    fault,
    wait: random.between(0.05, 0.8),
    tasks: Math.floor((tasks * (index + 1)) / faults.length) - Math.floor((tasks * index) / faults.length),
  }))
}

function anyFault(random: Random, options: PlanOptions): Fault {
  const kind = random.weighted<'worker' | 'server' | 'cut' | 'freeze' | 'long freeze'>([
    ['worker', 40],
    ['server', 18],
    ['cut', 20],
    ['freeze', 16],
    ['long freeze', 6],
  ])
  switch (kind) {
    case 'worker':
      return { kind: 'kill worker', worker: random.below(options.workers) }
    case 'server':
      return killServer(random, random.below(options.servers))
    case 'cut':
      return { kind: 'cut', where: anywhere(random, options), afterBytes: bytes(random) }
    default: {
      const [least, most] = kind === 'freeze' ? short : long
      const seconds = random.between(least, most)
      return { kind: 'freeze', where: anywhere(random, options), afterBytes: bytes(random), seconds }
    }
  }
}

function killServer(random: Random, server: number): Fault {
  return { kind: 'kill server', server, down: random.between(0, 2) }
}

function anywhere(random: Random, { workers, servers }: PlanOptions): Where {
  return {
    // The processes are the workers and the client.
    process: random.next() < 0.4 ? 'all' : random.below(workers + 1),
    server: random.next() < 0.5 ? 'all' : random.below(servers),
  }
}

/** At once, or within one of the next messages. */
function bytes(random: Random): number {
  return random.next() < 0.2 ? 0 : 1 + random.below(4_000)
}

/** For the log of a trial. */
export function describeFault(fault: Fault): string {
  switch (fault.kind) {
    case 'kill worker':
      return `kill -9 of worker ${fault.worker + 1}`
    case 'kill server':
      return `kill -9 of server ${fault.server}, down for ${fault.down.toFixed(1)} s`
    default: {
      const { process, server } = fault.where
      const who = process === 'all' ? 'everybody' : `process ${process + 1}`
      const to = server === 'all' ? 'all servers' : `server ${server}`
      const when = fault.afterBytes === 0 ? 'at once' : `after ${fault.afterBytes} bytes`
      const time = fault.kind === 'freeze' ? ` for ${fault.seconds.toFixed(1)} s` : ''
      return `${fault.kind} of ${who} from ${to} ${when}${time}`
    }
  }
}
