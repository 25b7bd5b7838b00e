import { test } from 'vitest'
import { expectNothingLost } from './support.ts'

test(
  'nothing is lost on PostgreSQL over kill -9 of workers and server, connections cut and frozen',
  {
    timeout: 240_000,
    // What is lost once is lost: it is not tried again.
    retry: 0,
  },
  (context) => expectNothingLost('postgres', 1, context),
)
