import { randomUUID } from 'node:crypto'
import { runColophon } from '../../apps/colophon/test/process.ts'

/** Somebody who may do everything in a shop that runs, over its API. */
export interface Staff {
  get<T>(path: string): Promise<T>
  /** Makes a book, with so many copies. @returns its id */
  addBook(book: Record<string, unknown>, copies?: number): Promise<string>
}

/** @param environment the settings of the shop's processes */
export async function signIn(url: string, environment: Record<string, string>): Promise<Staff> {
  const { code, output } = await runColophon(['token', '--role', 'admin'], environment)
  if (code !== 0) throw new Error(`no token: ${output}`)
  const authorization = `Bearer ${output.trim().split('\n').at(-1)}`

  async function ask<T>(path: string, request: RequestInit): Promise<T> {
    const headers = { authorization, ...request.headers }
    const response = await fetch(`${url}${path}`, {
      ...request,
      headers,
      signal: AbortSignal.timeout(30_000),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${path} was answered ${response.status}: ${text}`)
    return JSON.parse(text)
  }

  function post<T>(path: string, body: unknown): Promise<T> {
    const headers = { 'content-type': 'application/json', 'idempotency-key': randomUUID() }
    return ask(path, { method: 'POST', headers, body: JSON.stringify(body) })
  }

  return {
    get: (path) => ask(path, {}),
    async addBook(book, copies = 0) {
      const { id } = await post<{ id: string }>('/api/books', book)
      if (copies > 0) await post(`/api/inventory/${id}/adjustments`, { delta: copies, reason: 'goods_in' })
      return id
    },
  }
}
