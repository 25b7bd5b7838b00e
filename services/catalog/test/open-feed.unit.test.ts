import { fstatSync, readdirSync, statSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openFeed } from '../src/import/index.ts'

let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'feed-'))
})
afterAll(() => rm(folder, { recursive: true }))

const open = (path: string) => openFeed(path, Readable.from([]))

/** Whether this process holds the file open. */
function isHeld(path: string): boolean {
  const { ino, dev } = statSync(path)
  return readdirSync('/dev/fd').some((descriptor) => {
    try {
      const held = fstatSync(Number(descriptor))
      return held.ino === ino && held.dev === dev
    } catch {
      // The listing's own, which is closed by now.
      return false
    }
  })
}

describe('a file to be imported', () => {
  test('is read whole, and not held any longer', async () => {
    const path = join(folder, 'books.csv')
    await writeFile(path, 'title\nEmma\n')
    const feed = await open(path)
    expect(feed).toMatchObject({ name: 'books.csv', size: 11 })
    expect(isHeld(path)).toBe(true)
    expect(String(await buffer(feed.bytes))).toBe('title\nEmma\n')
    await expect.poll(() => isHeld(path)).toBe(false)
  })

  test('is let go of when nobody reads it after all', async () => {
    const path = join(folder, 'unread.csv')
    await writeFile(path, 'title\nEmma\n')
    const feed = await open(path)
    feed.close()
    await expect.poll(() => isHeld(path)).toBe(false)
  })

  test('that cannot be opened is refused at once, in one line', async () => {
    // There it is, and nobody can open it, root neither.
    const path = join(folder, 'socket.csv')
    const server = createServer().listen(path)
    try {
      await expect(open(path)).rejects.toMatchObject({
        code: 'file_not_readable',
        message: expect.stringMatching(/^[^\n]+socket\.csv cannot be read: [^\n]+$/),
      })
    } finally {
      server.close()
    }
  })

  test('that is a folder is refused, and not held', async () => {
    await expect(open(folder)).rejects.toMatchObject({
      code: 'file_not_readable',
      message: `${folder} is a folder: name a file in it`,
    })
    expect(isHeld(folder)).toBe(false)
  })

  test('that is not there is refused', async () => {
    const path = join(folder, 'nothing.csv')
    await expect(open(path)).rejects.toMatchObject({
      code: 'file_not_found',
      message: `${path}: there is no such file`,
    })
  })
})
