export type { CeleryOptions, Route } from './app/celery.ts'
export { type CallArguments, type Celery, createCelery } from './app/create-celery.ts'
export type { SendOptions, SignatureLike } from './app/send-options.ts'
export type { RetryOptions, RetryPolicy, TaskContext, TaskDefinition, TaskOptions } from './app/task.ts'
export type { RemoteTaskOptions, Task } from './app/task-handle.ts'
export * from './beat/index.ts'
export type {
  DeadLetter,
  DeadLetterPage,
  DeadLetterQuery,
  DeathHistory,
  DeathReason,
} from './brokers/dead-letter-store.ts'
export { openBroker } from './brokers/open.ts'
export type { Broker, BrokerState, QueueDeclaration, QueueDepth, SqlClient } from './brokers/port.ts'
export { chain, chord, chunks, group, map, signatureFrom, starmap } from './canvas/build.ts'
export type { AnySignature, Signature } from './canvas/signature.ts'
export { type ControlClient, createControlClient, type Outcome } from './control/client.ts'
export { createWorker, type WorkerOptions } from './create-worker.ts'
export { createDeadLetters, type DeadLetters } from './dead-letters/index.ts'
export type { Replayed } from './dead-letters/replay.ts'
export { CeleryError, type ErrorCode, errorCodes, TaskError } from './errors.ts'
export { type CaptureOptions, captureEvents } from './events/capture.ts'
export type { CeleryEvent } from './events/event.ts'
export type { Log } from './log.ts'
export type { SignatureData } from './protocol/message.ts'
export { Decimal, PlainDate, PlainTime, Uuid } from './protocol/python-values.ts'
export { PythonDate } from './protocol/time.ts'
export type { GetOptions, Result } from './results/handle.ts'
export type { GroupItem, GroupResult } from './results/handle-group.ts'
export { openResults } from './results/open.ts'
export type { ExceptionData, ResultStore, TaskMeta, TaskState } from './results/port.ts'
export { type PrometheusOptions, prometheusMetrics, type WorkerMetrics } from './worker/metrics.ts'
export type { Worker } from './worker/worker.ts'
