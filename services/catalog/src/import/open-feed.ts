import { type FileHandle, open } from 'node:fs/promises'
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
 * Opens a file to be imported, or standard input when the path is `-`: one that cannot be read is refused here,
 * before anything is made for it. Whoever opens it closes it, if no import does.
 * @throws ImportError file_not_found, file_not_readable
 */
export async function openFeed(path: string, stdin: Readable): Promise<Feed> {
  if (path === '-') return { name: 'stdin', bytes: stdin, close: () => void stdin.destroy() }
  const { file, size } = await openFile(path)
  const stream = file.createReadStream()
  const known = size === undefined ? {} : { size }
  return { name: basename(path), bytes: readable(stream, path), ...known, close: () => void stream.destroy() }
}

async function openFile(path: string): Promise<{ file: FileHandle; size: number | undefined }> {
  const file = await open(path).catch((error) => {
    throw notReadable(path, error)
  })
  try {
    const found = await file.stat()
    if (!found.isDirectory()) return { file, size: found.isFile() ? found.size : undefined }
    throw new ImportError('file_not_readable', `${path} is a folder: name a file in it`)
  } catch (error) {
    await file.close()
    throw notReadable(path, error)
  }
}

async function* readable(stream: Readable, path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* stream
  } catch (error) {
    throw notReadable(path, error)
  }
}

function notReadable(path: string, error: unknown): ImportError {
  if (error instanceof ImportError) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'ENOENT') return new ImportError('file_not_found', `${path}: there is no such file`)
  const reason = reasons[code] ?? (error instanceof Error ? error.message : String(error))
  return new ImportError('file_not_readable', `${path} cannot be read: ${reason}`, { cause: error })
}

/** What people call the system's commonest refusals. */
const reasons: Readonly<Record<string, string>> = {
  EACCES: 'this user may not read it',
  EPERM: 'this user may not read it',
}
