import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, it } from 'vitest'
import { exchange, head, openSocket, parseAnswer, readAll } from '../../packages/http/test/sockets.ts'
import { type Attack, useTarget, writesOf } from './target.ts'

const target = useTarget()

let writes: Attack[]

beforeAll(() => {
  writes = writesOf(target()).map((write) => ({ ...write, as: 'admin' }))
  expect(writes.length).toBeGreaterThan(10)
})

const fields = (count: number) =>
  JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, n) => [`field${n}`, n])))

describe('every route that is written to refuses', () => {
  it.each<[what: string, body: string | Buffer, status: number, code: string]>([
    ['nothing', '', 400, 'body_required'],
    ['half of JSON', '{"title":', 400, 'malformed_json'],
    ['two values', '{}{}', 400, 'malformed_json'],
    ['numbers that JSON lacks', '{"year":NaN}', 400, 'malformed_json'],
    [
      'bytes that are not UTF-8',
      Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
      400,
      'body_not_utf8',
    ],
    ['UTF-16', Buffer.from('\ufeff{}', 'utf16le'), 400, 'body_not_utf8'],
    ['a list', '[]', 400, 'validation_failed'],
    ['null', 'null', 400, 'validation_failed'],
    ['a number', '1e400', 400, 'validation_failed'],
    ['lists 50,000 deep', '['.repeat(50_000) + ']'.repeat(50_000), 400, 'body_too_complex'],
    ['objects 1,000 deep', `${'{"a":'.repeat(1_000)}1${'}'.repeat(1_000)}`, 400, 'body_too_complex'],
    ['10,000 fields', fields(10_000), 400, 'body_too_complex'],
    ['1,000 fields', fields(1_000), 400, 'validation_failed'],
    ['a field with a name of a megabyte', `{"${'a'.repeat(1_000_000)}":1}`, 400, 'validation_failed'],
    ['U+0000 in a name', '{"a\\u0000":1}', 400, 'validation_failed'],
    ['half a surrogate pair', '{"title":"\\udc00"}', 400, 'validation_failed'],
    ['a prototype', '{"__proto__":{"polluted":true}}', 400, 'validation_failed'],
    ['a constructor', '{"constructor":{"prototype":{"polluted":true}}}', 400, 'validation_failed'],
    ['a byte too many', ' '.repeat(2 ** 20 + 1), 413, 'body_too_large'],
  ])('%s', async (_, body, status, code) => {
    for (const write of writes) {
      const answer = await target().send({ ...write, body })
      expect([write.path, answer.status, answer.code]).toEqual([write.path, status, code])
      // What is refused is not sent back at length.
      expect(answer.text.length, write.path).toBeLessThan(20_000)
    }
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
  })

  it.each<[what: string, headers: Record<string, string>, body?: Buffer]>([
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['a form with files', { 'content-type': 'multipart/form-data; boundary=x' }],
    ['plain text, which any page may send', { 'content-type': 'text/plain' }],
    ['no type', { 'content-type': '' }],
    ['another encoding', { 'content-type': 'application/json; charset=utf-16' }],
    ['gzip', { 'content-encoding': 'gzip' }, gzipSync(Buffer.alloc(10_000_000))],
    ['brotli', { 'content-encoding': 'br' }],
    ['gzip in gzip', { 'content-encoding': 'gzip, gzip' }],
  ])('%s', async (_, headers, body = Buffer.from('{}')) => {
    for (const write of writes) {
      const { status, code } = await target().send({
        ...write,
        headers: { ...write.headers, ...headers },
        body,
      })
      expect([write.path, status, code]).toEqual([write.path, 415, 'unsupported_media_type'])
    }
  })

  it('texts of sixty thousand characters, at once', async () => {
    const names = [
      'title',
      'subtitle',
      'language',
      'isbn13',
      'coverUrl',
      'publishedOn',
      'description',
      'name',
    ]
    const more = ['sortName', 'text', 'email', 'password', 'currentPassword', 'newPassword', 'refreshToken']
    const texts = [...names, ...more].map((name) => [name, `https://${'a '.repeat(30_000)}\u0001`])
    for (const write of writes) {
      const start = performance.now()
      const answer = await target().send({ ...write, body: JSON.stringify(Object.fromEntries(texts)) })
      expect([write.path, answer.status, answer.code]).toEqual([write.path, 400, 'validation_failed'])
      expect(performance.now() - start, write.path).toBeLessThan(1_500)
    }
  })
})

describe('a body of two gigabytes', () => {
  const size = 2 ** 31
  const routes = ['/api/accounts', '/api/tokens', '/api/books']

  it.each(routes)('that announces itself to %s is refused before it is read', async (path) => {
    const headers = { ...bearer(), 'content-type': 'application/json', 'content-length': size }
    const answer = await exchange(target().shop.gateway, head('POST', path, headers))
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([413, 'body_too_large'])
  })

  it.each(routes)('that comes in chunks to %s is cut off', async (path) => {
    const headers = { ...bearer(), 'content-type': 'application/json', 'transfer-encoding': 'chunked' }
    const socket = await openSocket(target().shop.gateway)
    const read = readAll(socket)
    const held = process.memoryUsage().arrayBuffers
    socket.write(head('POST', path, headers))
    const chunk = Buffer.from(`10000\r\n${' '.repeat(0x10000)}\r\n`)
    let sent = 0
    for (; !socket.closed && sent < size; sent += chunk.length) {
      if (!socket.write(chunk)) await Promise.race([read, new Promise((next) => socket.once('drain', next))])
    }
    const answer = parseAnswer(await read)
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([413, 'body_too_large'])
    expect(sent).toBeLessThan(64 * 2 ** 20)
    expect(process.memoryUsage().arrayBuffers - held).toBeLessThan(64 * 2 ** 20)
  })
})

it('a book whose last byte never comes is refused', async () => {
  const body = JSON.stringify({ title: 'Cut off' })
  const headers = { ...bearer(), 'content-type': 'application/json', 'content-length': body.length }
  const socket = await openSocket(target().shop.gateway)
  const closed = readAll(socket)
  socket.write(head('POST', '/api/books', headers) + body.slice(0, -1))
  socket.end()
  const answer = parseAnswer(await closed)
  expect([answer.status, JSON.parse(answer.body).code]).toEqual([400, 'malformed_request'])
})

function bearer() {
  return { authorization: `Bearer ${target().tokens.staff}` }
}
