import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Stage } from './suite.ts'

export function groups({ openStore }: Stage): void {
  test('a group is kept until it is forgotten', async () => {
    const [writer, reader] = [await openStore(), await openStore()]
    const [id, parent, child] = [randomUUID(), randomUUID(), randomUUID()]
    const result = [[id, [[parent, null], null]], [[[child, null], null]]]
    expect(await reader.getGroup(id)).toBeUndefined()
    await writer.storeGroup(id, result)
    expect(await reader.getGroup(id)).toEqual(result)
    await writer.storeGroup(id, [[id, null], []])
    expect(await reader.getGroup(id)).toEqual([[id, null], []])
    await reader.forgetGroup(id)
    expect(await writer.getGroup(id)).toBeUndefined()
  })
}
