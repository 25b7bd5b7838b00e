import { once } from 'node:events'
import { request } from 'node:http'
import { sql } from '@colophon/postgres'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { type Role, startTestShop, type TestShop } from '../support/shop.ts'

/** An answer, its body read as JSON where it is. */
export interface Answer {
  status: number
  headers: Readonly<Record<string, string | string[] | undefined>>
  text: string
  /** The code of the problem; undefined when it is none. */
  code: string | undefined
}

export interface Attack {
  method?: string
  path: string
  as?: Role
  headers?: Record<string, string>
  body?: string | Buffer
}

/** A shop that listens, with a little of everything in it, and what the attacks of a file need to know of it. */
export interface Target {
  shop: TestShop
  /** A book that is there, with an author, a publisher, subjects and a history. */
  book: { id: string; isbn13: string }
  tokens: Readonly<Record<Role, string>>
  /** The header of a browser in which an admin has signed in. */
  cookie: string
  /** Sends a request as it is, over a connection of its own. */
  send(attack: Attack): Promise<Answer>
}

/**
 * A shop for the tests of a file. After each of them it must be well, and its tables as they were at first.
 * @returns the target, once the tests run
 */
export function useTarget(environment: Record<string, string> = {}): () => Target {
  let target: Target
  let before: Record<string, string>
  beforeAll(async () => {
    target = await startTarget(environment)
    before = await tables(target.shop)
  })
  afterAll(() => target.shop.stop())
  afterEach(async () => {
    const health = await target.send({ path: '/healthz' })
    expect([health.status, health.text]).toEqual([200, '{"status":"ok"}'])
    expect(await tables(target.shop), 'an attack has written something').toEqual(before)
  })
  return () => target
}

async function startTarget(environment: Record<string, string>): Promise<Target> {
  const shop = await startTestShop(environment)
  await shop.gateway.start()
  const tokens = {
    customer: await shop.tokenOf('customer'),
    staff: await shop.tokenOf('staff'),
    admin: await shop.tokenOf('admin'),
  }
  const send = (attack: Attack) => sendTo(shop.gateway.address(), tokens, attack)
  const book = await fill(send)
  await changeNames(send, book.id)
  // Books are indexed again by the new names: all is written before the attacks begin.
  await shop.shop.catalog.settle()
  return { shop, book, tokens, cookie: await signIn(send), send }
}

const books = [
  { isbn13: '9780441478125', title: 'The Left Hand of Darkness', name: 'Ursula K. Le Guin', house: 'Ace' },
  { isbn13: '9780061054884', title: 'The Dispossessed', name: 'Ursula K. Le Guin', house: 'Ace' },
  { isbn13: '9780156027601', title: 'Solaris', name: 'Stanisław Lem', house: 'Harcourt' },
]

/** Enough for every list to have a second page. */
async function fill(send: Target['send']): Promise<Target['book']> {
  const headers = { 'content-type': 'application/json' }
  const made: Target['book'][] = []
  for (const { isbn13, title, name, house } of books) {
    const subjects = ['fiction', 'classics'].map((code) => ({ scheme: 'keyword', code }))
    const body = { isbn13, title, contributors: [{ name }], publisher: { name: house }, subjects, year: 1970 }
    const options = { method: 'POST', path: '/api/books', as: 'staff', headers } as const
    const answer = await send({ ...options, body: JSON.stringify(body) })
    expect(answer.status, answer.text).toBe(201)
    made.push(JSON.parse(answer.text))
  }
  const [book] = made
  if (!book) throw new Error('no book was made')
  const patch = { 'content-type': 'application/merge-patch+json', 'if-match': '*' }
  const path = `/api/books/${book.id}`
  await send({ method: 'PATCH', path, as: 'staff', headers: patch, body: '{"pages": 304}' })
  return book
}

/** Gives the names in a book a history of two changes each. */
async function changeNames(send: Target['send'], bookId: string): Promise<void> {
  const { contributors, publisher } = JSON.parse((await send({ path: `/api/books/${bookId}` })).text)
  const [subject] = JSON.parse((await send({ path: '/api/subjects' })).text).items
  const headers = { 'content-type': 'application/json', 'if-match': '*' }
  const changes: [path: string, body: (number: number) => object][] = [
    [
      `/api/contributors/${contributors[0].id}`,
      (number) => ({ ...contributors[0], role: undefined, disambiguation: `${number}` }),
    ],
    [`/api/publishers/${publisher.id}`, (number) => ({ name: `${publisher.name} ${number}` })],
    [`/api/subjects/${subject.id}`, (number) => ({ text: `${subject.text} ${number}` })],
  ]
  for (const [path, body] of changes) {
    for (const number of [1, 2]) {
      const answer = await send({
        method: 'PUT',
        path,
        as: 'staff',
        headers,
        body: JSON.stringify(body(number)),
      })
      expect(answer.status, answer.text).toBe(200)
    }
  }
}

async function signIn(send: Target['send']): Promise<string> {
  const body = JSON.stringify({ email: 'admin@example.com', password: 'correct horse battery' })
  const headers = { 'content-type': 'application/json' }
  const answer = await send({ method: 'POST', path: '/api/session', headers, body })
  return /^[^;]+/.exec(answer.headers['set-cookie']?.[0] ?? '')?.[0] ?? ''
}

/** Every route that reads a body, as a request that is let in but for its body. */
export function writesOf({ shop, book }: Target): (Attack & { method: string })[] {
  const { paths } = shop.gateway.openapi() as { paths: Paths }
  const routes = shop.gateway.routes().filter(({ method, url }) => {
    const { requestBody } = paths[url.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()] ?? {}
    // A webhook's signature is looked at before its body is read.
    return requestBody?.required && !('text/csv' in requestBody.content) && !url.endsWith('/webhook')
  })
  return routes.map(({ method, url }) => ({
    method,
    path: url.replace(':book', book.id).replace(':id', '00000000-0000-7000-8000-000000000000'),
    headers: {
      'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
      'if-match': '*',
    },
  }))
}

type Paths = Record<
  string,
  Record<string, { requestBody?: { required: boolean; content: Record<string, unknown> } }>
>

async function sendTo(address: string, tokens: Target['tokens'], attack: Attack): Promise<Answer> {
  const { method = 'GET', path, as, headers = {}, body } = attack
  const { hostname, port } = new URL(address)
  const outgoing = request({
    ...{ hostname, port, method, path, agent: false, signal: AbortSignal.timeout(10_000) },
    headers: {
      ...(as && { authorization: `Bearer ${tokens[as]}` }),
      ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
      ...headers,
    },
  })
  outgoing.end(body)
  const [incoming] = await once(outgoing, 'response')
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString()
  const isProblem = incoming.headers['content-type'] === 'application/problem+json'
  const code = isProblem ? JSON.parse(text).code : undefined
  // Shop and attacker share this process, which may have other tests beside it.
  if (code === 'overloaded') return sendTo(address, tokens, attack)
  return { status: incoming.statusCode, headers: incoming.headers, text, code }
}

/** A fingerprint of every table's rows: what was written, whatever it was, changes one. */
async function tables({ test }: TestShop): Promise<Record<string, string>> {
  const names = await test.database.query<{ name: string }>(sql`
    select format('%I.%I', table_schema, table_name) as name from information_schema.tables
    where table_schema in ('accounts', 'catalog', 'orders') and table_type = 'BASE TABLE' order by 1`)
  const entries = names.map(async ({ name }) => {
    const { rows } = await test.database.one<{ rows: string }>(sql`
      select md5(query_to_xml(format('select * from %s as t order by t::text', ${name}::text), true, false, '')::text) as rows`)
    return [name, rows] as const
  })
  return Object.fromEntries(await Promise.all(entries))
}
