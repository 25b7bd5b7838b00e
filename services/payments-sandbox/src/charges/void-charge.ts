import { sql } from '@colophon/postgres'
import type { SandboxDeps } from '../deps.ts'
import type { Charge } from '../schemas.ts'
import { chargeColumns } from './charge-columns.ts'

/** Sees to it that a charge of this key never takes money. @returns what it is: void, or what was settled before */
export function voidCharge({ database, now, newId }: SandboxDeps, key: string): Promise<Charge> {
  // One statement: whoever charges the same key at this moment comes before it or behind it.
  return database.one<Charge>(sql`
    insert into payments_sandbox.charges as known (id, key, status, reason, created_at, settled_at)
    values (${newId()}, ${key}, 'void', '', ${now()}, ${now()})
    on conflict (key) do update set
      status = case known.status when 'pending' then 'void' else known.status end,
      settled_at = coalesce(known.settled_at, excluded.settled_at),
      decide_at = null
    returning ${chargeColumns}`)
}
