import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { moves, statuses } from '../src/process/states.ts'

const page = new URL('../../../docs/orders.md', import.meta.url)

/** The arrows of the state diagram in docs/orders.md, as `from --> to`. */
async function drawn(): Promise<string[]> {
  const [, diagram = ''] = /```mermaid\nstateDiagram-v2\n(.*?)```/s.exec(await readFile(page, 'utf8')) ?? []
  return diagram
    .trimEnd()
    .split('\n')
    .map((line) => /^ {2}(\S+ --> [^:\s]+)(: .+)?$/.exec(line)?.[1] ?? line)
}

it('the drawing in docs/orders.md has the moves of the table, and no others', async () => {
  const between = statuses.flatMap((from) => moves[from].map((to) => `${from} --> ${to}`))
  const ends = statuses.filter((status) => moves[status].length === 0).map((status) => `${status} --> [*]`)
  expect((await drawn()).toSorted()).toEqual(['[*] --> placed', ...between, ...ends].toSorted())
})

it('docs/orders.md tells of every state', async () => {
  const text = await readFile(page, 'utf8')
  for (const status of statuses) expect(text).toMatch(new RegExp(`^\\|.*\`${status}\`.*\\|`, 'm'))
})
