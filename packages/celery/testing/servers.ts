import { inject } from 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    testAmqpUrl: string
    testRedisUrl: string
    testCeleryPython: string
  }
}

/** The real servers of this test run: `TEST_AMQP_URL`, `TEST_REDIS_URL`, and a Python with Celery. */
export const servers = {
  get amqp(): string | undefined {
    return inject('testAmqpUrl') || undefined
  },
  get redis(): string | undefined {
    return inject('testRedisUrl') || undefined
  },
  /** The folder of `python`, `celery` and `flower`: `TEST_CELERY_PYTHON`. */
  get python(): string | undefined {
    return inject('testCeleryPython') || undefined
  },
}

const told = new Set<string>()

/** Says once a run of a file that tests were left out, and for want of what. */
export function leftOut(suite: string, variable: string): void {
  const line = `NOT RUN: ${suite}: ${variable} is not set`
  if (told.has(line)) return
  told.add(line)
  console.log(line)
}
