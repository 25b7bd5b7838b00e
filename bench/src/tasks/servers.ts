/** A benchmark's servers are not there. */
export class ServersMissing extends Error {}

/** Where the benchmarks of tasks find what they measure: the variables that the tests use, too. */
export interface Servers {
  amqp: string
  redis: string
  /** The folder with `python` and `celery`. */
  python: string
}

/** @throws ServersMissing */
export function servers(): Servers {
  const { TEST_AMQP_URL, TEST_REDIS_URL, TEST_CELERY_PYTHON } = process.env
  if (TEST_AMQP_URL && TEST_REDIS_URL && TEST_CELERY_PYTHON) {
    return { amqp: TEST_AMQP_URL, redis: TEST_REDIS_URL, python: TEST_CELERY_PYTHON }
  }
  throw new ServersMissing(
    'it needs TEST_AMQP_URL, TEST_REDIS_URL and TEST_CELERY_PYTHON (the folder of a Python with Celery)',
  )
}
