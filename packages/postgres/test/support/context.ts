import { withContext } from '@colophon/runtime'

/** Runs `work` as part of a request that must be done within `milliseconds`. */
export function withDeadline<T>(milliseconds: number, work: () => Promise<T>): Promise<T> {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  return withContext({ requestId: 'test', traceparent, deadline: Date.now() + milliseconds }, work)
}
