import { expect, it, vi } from 'vitest'
import { Requests } from './requests.ts'

const [api, another] = ['http://127.0.0.1:1', 'http://127.0.0.1:2']

it('a request is waited for from when it is sent until it is answered, where it was sent', async () => {
  const requests = new Requests()
  expect(requests.isWaitedFor(api)).toBe(false)
  const answer = Promise.withResolvers<string>()
  const sending = requests.send(api, () => answer.promise)
  await vi.waitFor(() => expect(requests.isWaitedFor(api)).toBe(true))
  expect(requests.isWaitedFor(another)).toBe(false)
  answer.resolve('an answer')
  expect(await sending).toBe('an answer')
  expect(requests.isWaitedFor(api)).toBe(false)
  expect([requests.answered, requests.cutOff]).toEqual([1, 0])
})

it.each([
  ['UND_ERR_SOCKET', 1],
  ['ECONNRESET', 1],
  ['ECONNREFUSED', 0],
])('a request that ends with %s: so many were cut off: %i', async (code, cutOff) => {
  const requests = new Requests()
  const error = new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) })
  await expect(requests.send(api, () => Promise.reject(error))).rejects.toBe(error)
  expect([requests.answered, requests.cutOff]).toEqual([0, cutOff])
  expect(requests.isWaitedFor(api)).toBe(false)
})
