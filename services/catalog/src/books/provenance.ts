import { type Queryable, sql } from '@colophon/postgres'
import type { BookField, FieldGroup } from './field-groups.ts'

/** The source that stands for people: its groups are not overwritten by feeds. */
export const staffSource = 'staff'

/** That a source's record is what a book's groups of fields were taken from. */
export interface Claim {
  source: string
  /** The source's own id of the record; for staff the book's id. */
  recordId: string
  bookId: string
  groups: readonly FieldGroup[]
  /** All fields that are as this source said them; empty for staff, who speak for whole groups. */
  fields: readonly BookField[]
  /** SHA-256 of the record, hexadecimal; null for staff. */
  recordHash: string | null
}

/** Records claims: the claimed groups and fields move to their source from whichever had them. */
export async function claimGroups(tx: Queryable, claims: readonly Claim[], now: Date): Promise<void> {
  if (claims.length === 0) return
  const rows = JSON.stringify(claims)
  await tx.query(sql`
    update catalog.provenance old
    set groups = array(select unnest(old.groups) except select jsonb_array_elements_text(claim.groups)),
      fields = array(select unnest(old.fields) except select jsonb_array_elements_text(claim.fields))
    from jsonb_to_recordset(${rows}::jsonb)
      as claim (source text, "recordId" text, "bookId" uuid, groups jsonb, fields jsonb)
    where old.book_id = claim."bookId" and (old.source, old.record_id) <> (claim.source, claim."recordId")
      and (old.groups && array(select jsonb_array_elements_text(claim.groups))
        or old.fields && array(select jsonb_array_elements_text(claim.fields)))`)
  await tx.query(sql`
    insert into catalog.provenance (source, record_id, book_id, groups, fields, record_hash, seen_at)
    select source, "recordId", "bookId", array(select jsonb_array_elements_text(groups)),
      array(select jsonb_array_elements_text(fields)), decode("recordHash", 'hex'), ${now}
    from jsonb_to_recordset(${rows}::jsonb)
      as claim (source text, "recordId" text, "bookId" uuid, groups jsonb, fields jsonb, "recordHash" text)
    on conflict (source, record_id) do update set book_id = excluded.book_id, seen_at = excluded.seen_at,
      record_hash = excluded.record_hash, fields = excluded.fields, groups = array(select unnest(provenance.groups)
        union select unnest(excluded.groups) order by 1)`)
}
