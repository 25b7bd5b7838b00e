import type { Command } from '../command.ts'
import { active } from './active.ts'
import { activeQueues } from './active-queues.ts'
import { addConsumer } from './add-consumer.ts'
import { autoscale } from './autoscale.ts'
import { cancelConsumer } from './cancel-consumer.ts'
import { clock } from './clock.ts'
import { conf } from './conf.ts'
import { disableEvents } from './disable-events.ts'
import { election } from './election.ts'
import { enableEvents } from './enable-events.ts'
import { heartbeat } from './heartbeat.ts'
import { hello } from './hello.ts'
import { memdump } from './memdump.ts'
import { memsample } from './memsample.ts'
import { objgraph } from './objgraph.ts'
import { ping } from './ping.ts'
import { poolGrow } from './pool-grow.ts'
import { poolRestart } from './pool-restart.ts'
import { poolShrink } from './pool-shrink.ts'
import { queryTask } from './query-task.ts'
import { rateLimit } from './rate-limit.ts'
import { registered } from './registered.ts'
import { report } from './report.ts'
import { reserved } from './reserved.ts'
import { revoke } from './revoke.ts'
import { revokeByStampedHeaders } from './revoke-by-stamped-headers.ts'
import { revoked } from './revoked.ts'
import { scheduled } from './scheduled.ts'
import { shutdown } from './shutdown.ts'
import { stats } from './stats.ts'
import { terminate } from './terminate.ts'
import { timeLimit } from './time-limit.ts'

/** Every command that Celery 5.7 knows, by its name on the wire; those from `dump_active` on are its old names. */
export const commands: Readonly<Record<string, Command>> = {
  active,
  active_queues: activeQueues,
  clock,
  conf,
  hello,
  memdump,
  memsample,
  objgraph,
  ping,
  query_task: queryTask,
  registered,
  report,
  reserved,
  revoked,
  scheduled,
  stats,

  add_consumer: addConsumer,
  autoscale,
  cancel_consumer: cancelConsumer,
  disable_events: disableEvents,
  election,
  enable_events: enableEvents,
  heartbeat,
  pool_grow: poolGrow,
  pool_restart: poolRestart,
  pool_shrink: poolShrink,
  rate_limit: rateLimit,
  revoke,
  revoke_by_stamped_headers: revokeByStampedHeaders,
  shutdown,
  terminate,
  time_limit: timeLimit,

  dump_active: active,
  dump_conf: conf,
  dump_reserved: reserved,
  dump_revoked: revoked,
  dump_schedule: scheduled,
  dump_tasks: registered,
}
