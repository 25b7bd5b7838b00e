import { isUtf8 } from 'node:buffer'
import type { TaskMeta } from '../results/port.ts'
import { decompress } from './compression.ts'
import { readExceptionData } from './exceptions.ts'
import { decodeJson, encodeJson } from './json.ts'
import { isRecord, undecodable } from './shape.ts'
import { formatTime } from './time.ts'

/**
 * A task's state as Celery's result backends keep it. A result that is undefined is kept as null, Python's None.
 * Throws `BAD_VALUE` when the result has no form in JSON.
 */
export function encodeMeta({ result, ...rest }: TaskMeta): string {
  // By itself, so that what cannot be sent has a place that the task's author knows.
  const written = encodeJson(result ?? null, 'result')
  return `${encodeJson(rest, 'meta').slice(0, -1)},"result":${written}}`
}

/**
 * Reads what Celery or this package kept. The result of a failed, revoked or retried task is an `ExceptionData`
 * whatever was stored. Fields of others' are carried through. Given as bytes it may be compressed, as Python's
 * `result_compression` has it. Throws a `ProtocolError` when it is no such document.
 */
export function decodeMeta(stored: string | Uint8Array): TaskMeta {
  const meta = decodeJson(typeof stored === 'string' ? stored : textOf(stored))
  if (!isRecord(meta) || typeof meta.status !== 'string') throw undecodable('The stored result has no status')
  if (typeof meta.task_id !== 'string') throw undecodable('The stored result has no task_id')
  const { status, traceback, children, date_done: done } = meta
  meta.result = resultOf(status, meta.result)
  meta.traceback = typeof traceback === 'string' ? traceback : null
  meta.children = Array.isArray(children) ? children : []
  meta.date_done = done instanceof Date ? formatTime(done) : typeof done === 'string' ? done : null
  return meta as unknown as TaskMeta
}

function resultOf(status: string, result: unknown): unknown {
  switch (status) {
    case 'FAILURE':
      return readExceptionData(result)
    case 'REVOKED':
      return readExceptionData(result, 'TaskRevokedError', 'celery.exceptions')
    // Python stores the cause of a retry, and null where it was given none.
    case 'RETRY':
      return readExceptionData(result, 'Retry', 'celery.exceptions')
    default:
      return result ?? null
  }
}

/** Bytes that a compressed document may have when it is decompressed. */
const maxSize = 64 * 1024 * 1024

/** What a compressed result begins with; then the method's type up to a zero byte, and the body. */
const compressedMark = Buffer.from('\0celery-compressed\0')

function textOf(stored: Uint8Array): string {
  const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength)
  const plain = bytes.subarray(0, compressedMark.length).equals(compressedMark) ? inflated(bytes) : bytes
  if (!isUtf8(plain)) throw undecodable('The stored result is not UTF-8')
  return plain.toString('utf8')
}

function inflated(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0, compressedMark.length)
  if (end === -1) throw undecodable('The stored result is compressed in no form that is known here')
  return decompress(bytes.subarray(end + 1), bytes.toString('utf8', compressedMark.length, end), maxSize)
}
