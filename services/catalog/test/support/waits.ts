import { sql } from '@colophon/postgres'
import type { CatalogHarness } from '../harness.ts'

/** When some statement waits for a lock that another transaction has. */
export async function somebodyWaits({ test }: CatalogHarness): Promise<void> {
  for (;;) {
    const { waiting } = await test.database.one<{ waiting: number }>(sql`
      select count(*) as waiting from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`)
    if (waiting > 0) return
  }
}
