import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Readable } from 'node:stream'
import { ImportError } from './import-error.ts'

/** A file to import, from wherever it comes. */
export interface Feed {
  /** The file's name, without folders; layouts that have no source of their own are named after it. */
  name: string
  bytes: AsyncIterable<Uint8Array>
  /** How many there are, when that is known. */
  size?: number
  /** Stops reading. */
  close(): void
}

/**
 * Opens a file to be imported, or standard input when the path is `-`.
 * @throws ImportError file_not_found, file_not_readable
 */
export async function openFeed(path: string, stdin: Readable): Promise<Feed> {
  if (path === '-') return { name: 'stdin', bytes: stdin, close: () => void stdin.destroy() }
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    const code = error.code === 'ENOENT' ? 'file_not_found' : 'file_not_readable'
    const reason = error.code === 'ENOENT' ? 'there is no such file' : error.message
    throw new ImportError(code, `${path}: ${reason}`, { cause: error })
  })
  if (found.isDirectory())
    throw new ImportError('file_not_readable', `${path} is a folder: name a file in it`)
  const stream = createReadStream(path)
  const size = found.isFile() ? { size: found.size } : {}
  return { name: basename(path), bytes: readable(stream, path), ...size, close: () => void stream.destroy() }
}

async function* readable(stream: Readable, path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* stream
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ImportError('file_not_readable', `${path}: ${reason}`, { cause: error })
  }
}
