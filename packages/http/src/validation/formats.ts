import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const fullDate = /^(\d{4})-(\d\d)-(\d\d)$/
const dateTime =
  /^(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/

/** Whether a text is a UUID in its textual form (RFC 9562), as the schema `uuid()` takes it. */
export function isUuid(text: string): boolean {
  return uuid.test(text)
}

/** A day of the Gregorian calendar from year 1, as PostgreSQL's `date` and JavaScript's `Date` both have it. */
function isDay(text: string): boolean {
  const [, year, month, date] = fullDate.exec(text) ?? []
  if (!year || !month || !date || year === '0000') return false
  const day = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(day.getTime()) && day.getUTCDate() === Number(date)
}

function isMoment(text: string): boolean {
  const day = dateTime.exec(text)?.[1]
  return day !== undefined && isDay(day)
}

/**
 * A validator of JSON Schema whose formats hold only what the stores can hold too: no `urn:uuid:` prefix, no year
 * 0, no leap second. It is Ajv, which Fastify brings along, and not the compiler of TypeBox: the errors of that one
 * carry neither the value nor the schema, which the messages are made of, and defaults take it a second pass.
 * @param useDefaults whether a `default` is put where a value is absent
 */
export function createValidator(useDefaults: boolean): Ajv {
  const ajv = new Ajv({
    // Bounded by the size of the request and by the first errors that are taken.
    allErrors: true,
    verbose: true,
    useDefaults,
    allowUnionTypes: true,
    strictTypes: false,
  })
  addFormats.default(ajv)
  // For the documentation (openapi/document.ts).
  ajv.addKeyword('x-demanded')
  ajv.addFormat('uuid', uuid)
  ajv.addFormat('date', isDay)
  ajv.addFormat('date-time', isMoment)
  return ajv
}
