const longest = 2 ** 48 - 1

/** The smallest id of a moment, in milliseconds since the epoch: ids are UUIDs of version 7, which begin with theirs. */
export function firstIdAt(time: number): string {
  const hex = Math.min(Math.max(0, time), longest).toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`
}
