import { chownSync, lstatSync, mkdtempSync, readlinkSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { accountFor, userName } from '../src/embedded/account.ts'
import { attachEmbedded } from '../src/index.ts'
import { newFolder, serverPid, usedFolder } from './support/folder.ts'
import { startProgram } from './support/program.ts'

// What root can do that others cannot is tested when root runs the tests; everything else runs as anybody.
const asRoot = process.geteuid?.() === 0
const application = 'test'

test('PostgreSQL runs as the user who started it, never as root', async () => {
  const folder = usedFolder()
  const embedded = await attachEmbedded({ folder, application, durable: false })
  const { uid } = statSync(join(folder, 'postgres'))
  if (asRoot) expect(['postgres', 'nobody']).toContain(userName(uid))
  else expect(uid).toBe(process.geteuid?.())
  await embedded.release()
})

if (asRoot) {
  test('another user cannot open the cluster, and the account it runs as is not let in', async () => {
    const folder = usedFolder()
    const embedded = await attachEmbedded({ folder, application, durable: false })
    const account = accountFor(join(folder, 'postgres'))
    for (const [user, error] of [
      [{ uid: 65533, gid: 65533 }, /postgres belongs to \w+: start as that user/],
      [account, /does not let us in: .*Peer authentication failed/i],
    ] as const) {
      const program = startProgram({ folder, application: 'intruder' }, user)
      expect(await program.next()).toEqual({ error: expect.stringMatching(error) })
    }
    await embedded.release()
  })

  test('a folder that its account cannot reach keeps its cluster elsewhere, and stays as it was', async () => {
    // mkdtemp makes it 0700.
    const folder = mkdtempSync(join(tmpdir(), 'colophon-private-'))
    const nobody = { folder, application, durable: false, serviceAccounts: ['nobody'] }
    const first = await attachEmbedded(nobody)
    const link = join(folder, 'postgres')
    const cluster = readlinkSync(link)
    onTestFinished(() => {
      for (const path of [cluster, folder]) rmSync(path, { recursive: true })
    })
    expect(dirname(cluster)).toBe('/var/lib/colophon')
    expect(userName(statSync(cluster).uid)).toBe('nobody')
    expect(lstatSync(folder).mode & 0o777).toBe(0o700)
    const second = await attachEmbedded({ folder, application })
    expect(second.connection).toEqual(first.connection)
    await first.release()
    await second.release()
    expect(serverPid(folder)).toBeUndefined()
  })

  test('a folder of somebody else’s is used as them, and whichever of us leaves last stops it', async () => {
    const folder = newFolder()
    const owner = accountFor('/', ['nobody'])
    chownSync(folder, owner.uid, 0)
    const first = await attachEmbedded({ folder, application, durable: false })
    const theirs = startProgram({ folder, application: 'theirs', durable: false }, owner)
    expect(await theirs.next()).toMatchObject({ attached: true })
    await first.release()
    expect(serverPid(folder)).toBeDefined()
    await theirs.leave()
    expect(serverPid(folder)).toBeUndefined()
    const again = startProgram({ folder, application: 'theirs', durable: false }, owner)
    expect(await again.next()).toMatchObject({ attached: true })
    const last = await attachEmbedded({ folder, application })
    expect(statSync(join(folder, 'postgres'))).toMatchObject(owner)
    await again.leave()
    expect(serverPid(folder)).toBeDefined()
    await last.release()
    expect(serverPid(folder)).toBeUndefined()
  })
}
