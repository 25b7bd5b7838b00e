export type { CallInput, InputOf, OptionalInput } from './app/call-input.ts'
export type { CeleryOptions, Route } from './app/celery-options.ts'
export type { SendOptions, SignatureLike, StandingOptions } from './app/send-options.ts'
export type {
  AnyTaskDefinition,
  RejectOptions,
  RetryOptions,
  RetryPolicy,
  SentTo,
  TaskContext,
  TaskDefinition,
  TaskOptions,
} from './app/task.ts'
export * from './beat/index.ts'
export { type AmqpBrokerOptions, createAmqpBroker } from './brokers/amqp/index.ts'
export {
  type DeadLetter,
  type DeadLetterPage,
  type DeadLetterQuery,
  type DeadLetterStore,
  type DeathHistory,
  type DeathReason,
  deathReasons,
} from './brokers/dead-letter-store.ts'
export { createMemoryBroker, type MemoryBrokerOptions } from './brokers/memory/index.ts'
export { type BrokerOptions, openBroker } from './brokers/open.ts'
export type {
  Broker,
  BrokerDescription,
  BrokerState,
  CastDestination,
  ConsumeOptions,
  Consumption,
  Delivery,
  Destination,
  Listening,
  ListenOptions,
  PublishOptions,
  QueueDeclaration,
  QueueDepth,
  SqlClient,
} from './brokers/port.ts'
export { createPostgresBroker, type PostgresBrokerOptions, type SqlPool } from './brokers/postgres/index.ts'
export { createRedisBroker, type RedisBrokerOptions } from './brokers/redis/index.ts'
export { chain, chord, chunks, group, map, signatureFrom, starmap } from './canvas/build.ts'
export type { AnySignature, SendingApp, Signature } from './canvas/signature.ts'
export type { RemoteTaskOptions, Task } from './canvas/task-handle.ts'
export { type ControlClient, createControlClient, type Outcome } from './control/client.ts'
export type { Answer, Inspect, TaskInfo } from './control/inspect.ts'
export type { Replies } from './control/mailbox-client.ts'
export type {
  ActiveOptions,
  AddConsumerOptions,
  BroadcastOptions,
  ConfOptions,
  InspectOptions,
  RegisteredOptions,
  RevokeOptions,
  TimeLimits,
} from './control/options.ts'
export { type CallArguments, type Celery, createCelery, type SignatureArguments } from './create-celery.ts'
export { createWorker, type WorkerOptions } from './create-worker.ts'
export { createDeadLetters, type DeadLetters } from './dead-letters/index.ts'
export type { Replayed } from './dead-letters/replay.ts'
export { CeleryError, type ErrorCode, errorCodes, TaskError } from './errors.ts'
export { type CaptureOptions, captureEvents } from './events/capture.ts'
export type { CeleryEvent } from './events/event.ts'
export type { Log } from './log.ts'
export { type MigrateOptions, migratePostgres } from './postgres/migrate.ts'
export type {
  Embed,
  MessageProperties,
  SignatureData,
  SignatureOptions,
  TaskHeaders,
  TaskMessage,
  WireMessage,
} from './protocol/message.ts'
export { Decimal, PlainDate, PlainTime, Uuid } from './protocol/python-values.ts'
export { PythonDate } from './protocol/time.ts'
export type { GetOptions, Result } from './results/handle.ts'
export type { GroupItem, GroupResult } from './results/handle-group.ts'
export { createMemoryResults, type MemoryResultsOptions } from './results/memory/index.ts'
export { openResults, type ResultsOptions } from './results/open.ts'
export type { ChordPart, ExceptionData, ResultStore, TaskMeta, TaskState, Watching } from './results/port.ts'
export { createPostgresResults, type PostgresResultsOptions } from './results/postgres/index.ts'
export { createRedisResults, type RedisResultsOptions } from './results/redis/index.ts'
export type { Revocation, WorkerEvents, WorkerEventsFactory, WorkerService } from './worker/events.ts'
export { type PrometheusOptions, prometheusMetrics, type WorkerMetrics } from './worker/metrics.ts'
export type { StopOptions } from './worker/shutdown.ts'
export type { RequestInfo, ScheduledInfo, WorkerSurface } from './worker/surface.ts'
export type { TracedRun, WorkerTracer } from './worker/trace.ts'
export type { Worker } from './worker/worker.ts'
