/** Whether an Accept header (RFC 9110, section 12.5.1) asks for a page rather than for JSON; not where both are as welcome. */
export function prefersPage(accept: string): boolean {
  return qualityOf('text/html', accept) > qualityOf('application/json', accept)
}

/** How welcome a media type is, from 0 to 1: what the most exact range says that it is in. */
function qualityOf(type: string, accept: string): number {
  const ranges = accept
    .toLowerCase()
    .split(',')
    .map((range) => range.split(';').map((part) => part.trim()))
  const names = [type, `${type.split('/')[0]}/*`, '*/*']
  const range = names.map((name) => ranges.find(([given]) => given === name)).find((found) => found)
  if (range === undefined) return 0
  const quality = range.find((part) => part.startsWith('q='))
  return quality === undefined ? 1 : Number(quality.slice(2)) || 0
}
