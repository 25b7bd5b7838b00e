import type { CatalogDeps } from '../../src/deps.ts'

/** The database, but that something happens before each statement with this text in a transaction. */
export function beforeStatement(
  database: CatalogDeps['database'],
  text: string,
  happens: () => void,
): CatalogDeps['database'] {
  return {
    ...database,
    transaction: (work, options) =>
      database.transaction(
        (tx) =>
          work({
            ...tx,
            async query(statement, queryOptions) {
              if (statement.text.includes(text)) happens()
              return tx.query(statement, queryOptions)
            },
          }),
        options,
      ),
  }
}
