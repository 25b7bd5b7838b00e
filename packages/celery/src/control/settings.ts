import type { BrokerDescription } from '../brokers/port.ts'
import type { WorkerSurface } from '../worker/surface.ts'

/**
 * The worker's settings under Celery's names: those that have a meaning here, and those that watchers ask of every
 * worker. Each is put in by hand, so that nothing secret can come with it.
 */
export async function settingsOf(worker: WorkerSurface): Promise<Record<string, unknown>> {
  const { options } = worker.app
  const defaults = options.taskDefaults
  const results = await worker.app.results().catch(() => undefined)
  return {
    accept_content: ['json'],
    broker_heartbeat: null,
    broker_url: brokerUrl(worker.broker.describe()),
    control_exchange: 'celery',
    deprecated_settings: null,
    enable_utc: true,
    event_exchange: 'celeryev',
    event_serializer: 'json',
    include: [],
    result_backend: results?.describe() ?? null,
    result_expires: options.resultExpires,
    result_extended: options.extendedResults,
    result_serializer: 'json',
    task_acks_late: defaults.ack === 'late',
    task_acks_on_failure_or_timeout: defaults.ackOnFailure ?? true,
    task_default_priority: defaults.priority ?? null,
    task_default_queue: options.defaultQueue,
    task_default_rate_limit: defaults.rateLimit ?? null,
    task_ignore_result: defaults.ignoreResult ?? false,
    task_protocol: 2,
    task_queues: worker.queues().map(({ name }) => name),
    task_routes: Object.fromEntries(options.routes.map(({ task, queue }) => [String(task), queue])),
    task_send_sent_event: options.sendEvents,
    task_serializer: 'json',
    task_soft_time_limit: defaults.softTimeLimit ?? null,
    task_time_limit: defaults.timeLimit ?? null,
    task_track_started: defaults.trackStarted ?? false,
    timezone: options.timeZone,
    worker_concurrency: worker.concurrency,
    worker_enable_remote_control: true,
    worker_hijack_root_logger: false,
    worker_log_color: false,
    worker_send_task_events: worker.eventsEnabled,
  }
}

function brokerUrl({ transport, userid, hostname, port, virtual_host }: BrokerDescription): string {
  const user = userid === null ? '' : `${userid}:********@`
  const host = port === null ? hostname : `${hostname}:${port}`
  return `${transport}://${user}${host}/${virtual_host}`
}
