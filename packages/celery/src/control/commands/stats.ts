import type { BrokerDescription } from '../../brokers/port.ts'
import type { WorkerSurface } from '../../worker/surface.ts'
import type { Command } from '../command.ts'

export const stats: Command = {
  kind: 'inspect',
  help: 'Tells what the worker has done and what it uses.',
  run: ({ worker }) => ({
    total: worker.totals(),
    pid: process.pid,
    clock: String(worker.app.clock.value),
    uptime: Math.round(worker.uptime),
    pool: poolInfo(worker),
    broker: brokerInfo(worker.broker.describe()),
    prefetch_count: worker.prefetch,
    rusage: resourceUsage(),
  }),
}

function poolInfo(worker: WorkerSurface): Record<string, unknown> {
  return {
    implementation: 'event loop and threads',
    'max-concurrency': worker.concurrency,
    processes: [process.pid],
    threads: worker.threads,
    'max-tasks-per-child': 'N/A',
    'put-guarded-by-semaphore': false,
    timeouts: [0, 0],
    writes: 'N/A',
  }
}

/** With the fields of kombu's that watchers may look for, where they mean nothing here. */
function brokerInfo(description: BrokerDescription): Record<string, unknown> {
  return {
    ...description,
    insist: false,
    connect_timeout: null,
    transport_options: {},
    login_method: null,
    uri_prefix: null,
    heartbeat: null,
    alternates: [],
  }
}

/** Under the names of getrusage(2); `utime` and `stime` in seconds, `maxrss` in kB. */
function resourceUsage(): Record<string, number> {
  const usage = process.resourceUsage()
  return {
    utime: usage.userCPUTime / 1e6,
    stime: usage.systemCPUTime / 1e6,
    maxrss: usage.maxRSS,
    ixrss: usage.sharedMemorySize,
    idrss: usage.unsharedDataSize,
    isrss: usage.unsharedStackSize,
    minflt: usage.minorPageFault,
    majflt: usage.majorPageFault,
    nswap: usage.swappedOut,
    inblock: usage.fsRead,
    oublock: usage.fsWrite,
    msgsnd: usage.ipcSent,
    msgrcv: usage.ipcReceived,
    nsignals: usage.signalsCount,
    nvcsw: usage.voluntaryContextSwitches,
    nivcsw: usage.involuntaryContextSwitches,
  }
}
