import { type Database, migrate, outboxTable, raw, sql } from '@colophon/postgres'
import { createTestDatabase } from '@colophon/postgres/testing'
import { expect, it, onTestFinished } from 'vitest'
import { ordersMigrations } from '../src/index.ts'

it('the migrations make the outbox that its relay is tested on', async () => {
  const [migrated, tested] = await Promise.all([newDatabase(), newDatabase()])
  await migrate(migrated, ordersMigrations)
  await tested.query(raw('create schema orders'))
  await tested.query(outboxTable('orders'))
  const expected = await described(tested)
  expect(expected).toContain(
    "index: CREATE INDEX outbox_ready ON orders.outbox USING btree (id) WHERE (state = 'ready'::text)",
  )
  expect(await described(migrated)).toEqual(expected)
})

async function newDatabase(): Promise<Database> {
  const { database, drop } = await createTestDatabase()
  onTestFinished(drop)
  return database
}

/** What the table `orders.outbox` is made of, as PostgreSQL says it. */
async function described(database: Database): Promise<string[]> {
  const rows = await database.query<{ part: string }>(sql`
    select concat_ws(' ', 'column:', attname, format_type(atttypid, atttypmod), case when attnotnull then 'not null' end,
      'identity=' || nullif(attidentity::text, ''), 'default=' || pg_get_expr(adbin, adrelid)) as part
    from pg_attribute left join pg_attrdef on adrelid = attrelid and adnum = attnum
    where attrelid = 'orders.outbox'::regclass and attnum > 0 and not attisdropped
    union all
    select concat_ws(' ', 'constraint:', conname, pg_get_constraintdef(oid))
    from pg_constraint where conrelid = 'orders.outbox'::regclass
    union all
    select 'index: ' || pg_get_indexdef(indexrelid) from pg_index where indrelid = 'orders.outbox'::regclass
    union all
    select 'trigger: ' || pg_get_triggerdef(oid) from pg_trigger where tgrelid = 'orders.outbox'::regclass
    union all
    select 'option: ' || unnest(reloptions) from pg_class where oid = 'orders.outbox'::regclass
    order by part`)
  return rows.map(({ part }) => part)
}
