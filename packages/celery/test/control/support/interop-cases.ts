import { expect } from 'vitest'
import type { WorkerEvents } from '../../../src/worker/events.ts'
import { fakeRequest } from './fake-worker.ts'

/** What Celery's command line is asked to send, and what the fake worker answers, in the same order. */
export const inspections = [
  ['inspect', 'ping'],
  ['inspect', 'active'],
  ['inspect', 'reserved'],
  ['inspect', 'scheduled'],
  ['inspect', 'registered', 'name'],
  ['inspect', 'stats'],
  ['inspect', 'conf', 'true'],
  ['inspect', 'active_queues'],
  ['inspect', 'report'],
  ['inspect', 'query_task', 'a', 'b'],
  ['inspect', 'revoked'],
  ['inspect', 'clock'],
  ['inspect', 'memsample'],
  ['inspect', 'memdump', '10'],
  ['inspect', 'objgraph', 'Request', '5'],
]

export const inspected = [
  { ok: 'pong' },
  [expect.objectContaining({ id: 'a', args: [1, 2], kwargs: { z: 3 }, acknowledged: true })],
  [],
  [],
  ['tasks.add [name=tasks.add]'],
  expect.objectContaining({ pid: process.pid }),
  expect.objectContaining({ timezone: 'UTC' }),
  [expect.objectContaining({ name: 'celery', exchange: expect.objectContaining({ type: 'direct' }) })],
  { ok: expect.stringContaining('software -> celery:') },
  { a: ['active', expect.objectContaining({ id: 'a' })] },
  [],
  { clock: expect.any(Number) },
  expect.stringContaining('MB'),
  { error: expect.any(String) },
  { error: expect.any(String) },
]

export const commands = [
  ['control', 'enable_events'],
  ['control', 'disable_events'],
  ['control', 'heartbeat'],
  ['control', 'revoke', 'x'],
  ['control', 'terminate', 'SIGKILL', 'a'],
  ['control', 'revoke_by_stamped_headers', 'stamp=x'],
  ['control', 'rate_limit', 'tasks.add', '10/m'],
  ['control', 'rate_limit', 'tasks.none', '10/m'],
  ['control', 'time_limit', 'tasks.add', '10', '20'],
  ['control', 'add_consumer', 'feeds'],
  ['control', 'add_consumer', 'topics', 'books', 'topic', 'feeds.#'],
  ['control', 'cancel_consumer', 'feeds'],
  ['control', 'pool_grow', '2'],
  ['control', 'pool_shrink', '1'],
  ['control', 'pool_restart'],
  ['control', 'autoscale', '10', '3'],
  ['control', 'shutdown'],
]

export const commanded = [
  { ok: 'task events enabled' },
  { ok: 'task events disabled' },
  null,
  { ok: "tasks {'x'} flagged as revoked" },
  { ok: 'terminate: a' },
  { ok: "headers {'stamp': ['x']} flagged as revoked, but not terminated" },
  { ok: 'new rate limit set successfully' },
  { error: 'unknown task' },
  { ok: 'time limits set successfully' },
  { ok: 'add consumer feeds' },
  { ok: 'add consumer topics' },
  { ok: 'no longer consuming from feeds' },
  { ok: 'pool will grow' },
  { ok: 'pool will shrink' },
  { error: expect.stringContaining('Pool restarts not enabled') },
  { error: expect.stringContaining('Autoscale not enabled') },
  { ok: 'shutting down' },
]

export function tellOfTasks(events: WorkerEvents): void {
  events.received(fakeRequest('good', { args: [1, 'x'], kwargs: { y: null } }))
  events.started('good')
  events.succeeded('good', { sum: 3 }, 0.25)
  events.received(fakeRequest('bad'))
  events.started('bad')
  events.failed('bad', { exc_type: 'ValueError', exc_message: ['no'], exc_module: 'builtins' }, 'Traceback')
  events.received(fakeRequest('late'))
  events.revoked('late', { terminated: false, signum: null, expired: true })
}

export const seenTasks = {
  good: expect.objectContaining({
    name: 'tasks.add',
    state: 'SUCCESS',
    args: "(1, 'x')",
    kwargs: "{'y': None}",
    result: "{'sum': 3}",
    runtime: 0.25,
    retries: 0,
    root_id: 'good',
  }),
  bad: expect.objectContaining({ state: 'FAILURE', exception: "ValueError('no')", traceback: 'Traceback' }),
  late: expect.objectContaining({ state: 'REVOKED' }),
}

export const flowerTasks = {
  good: { name: 'tasks.add', state: 'SUCCESS', args: "(1, 'x')", result: "{'sum': 3}", runtime: 0.25 },
  bad: { state: 'FAILURE', exception: "ValueError('no')" },
  late: { state: 'REVOKED' },
}
