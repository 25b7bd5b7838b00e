/** An array is positional arguments, an object those by name; members that are undefined are left out. */
export function splitInput(input: object): { args: unknown[]; kwargs: Record<string, unknown> } {
  if (Array.isArray(input)) return { args: [...input], kwargs: {} }
  const given = Object.entries(input).filter(([, value]) => value !== undefined)
  return { args: [], kwargs: Object.fromEntries(given) }
}
