type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown
interface ExactJson {
  parse(text: string, reviver: Reviver): unknown
  rawJSON(text: string): unknown
}
const { parse, rawJSON } = JSON as unknown as ExactJson

/**
 * For writing it again: numbers stay as they are written, since those beyond 2^53 are other people's too. Throws a
 * `SyntaxError`.
 */
export function parseExact(text: string): unknown {
  return parse(text, (_, item, { source }) =>
    typeof item === 'number' && source !== undefined ? rawJSON(source) : item,
  )
}
