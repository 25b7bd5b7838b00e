import { type Database, type Queryable, type Sql, sql } from '@colophon/postgres'

interface Explained {
  'QUERY PLAN': [{ Plan: { 'Shared Hit Blocks': number; 'Shared Read Blocks': number } }]
}

/** Statements that EXPLAIN takes. */
const explainable = /^\s*(select|with|insert|update|delete)\b/i

/**
 * The same database, with the pages of 8 kB that each statement reads counted by EXPLAIN (ANALYZE, BUFFERS) before it
 * is run. Within a transaction what that writes is undone; a statement by itself may only read.
 */
export function countingPages(database: Database, counter: { pages: number }): Database {
  async function explain(db: Queryable, statement: Sql): Promise<void> {
    const [row] = await db.query<Explained>(sql`explain (analyze, buffers, format json) ${statement}`)
    const plan = row?.['QUERY PLAN'][0].Plan
    counter.pages += (plan?.['Shared Hit Blocks'] ?? 0) + (plan?.['Shared Read Blocks'] ?? 0)
  }
  async function explainAndUndo(tx: Queryable, statement: Sql): Promise<void> {
    await tx.query(sql`savepoint explaining`)
    await explain(tx, statement)
    await tx.query(sql`rollback to savepoint explaining`)
  }
  function counted(db: Queryable, look: typeof explain): Queryable {
    // One at a time: what is sent at once must not come between another's savepoints.
    let last: Promise<unknown> = Promise.resolve()
    function inTurn<T>(statement: Sql, run: () => Promise<T>): Promise<T> {
      const isLooked = explainable.test(statement.sql) && !statement.sql.includes('set_config')
      const turn = last.then(async () => {
        if (isLooked) await look(db, statement)
        return run()
      })
      last = turn.catch(() => {
        // Whoever sent it is told.
      })
      return turn
    }
    return {
      query: (statement, options) => inTurn(statement, () => db.query(statement, options)),
      one: (statement, options) => inTurn(statement, () => db.one(statement, options)),
      maybeOne: (statement, options) => inTurn(statement, () => db.maybeOne(statement, options)),
    }
  }
  return {
    ...database,
    ...counted(database, explain),
    transaction: (work, options) =>
      database.transaction((tx) => work({ ...tx, ...counted(tx, explainAndUndo) }), options),
  }
}
