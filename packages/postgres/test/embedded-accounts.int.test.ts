import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { accountFor, canEnter, userName } from '../src/embedded/account.ts'
import { attachEmbedded, openDatabase, type SocketTarget, type Sql, sql } from '../src/index.ts'
import { newFolder, serverPid, usedFolder } from './support/folder.ts'
import { startProgram } from './support/program.ts'

// What root can do that others cannot is tested when root runs the tests; everything else runs as anybody.
const asRoot = process.geteuid?.() === 0
const application = 'test'
// Another user's program needs a way to Node and to the sources, which a checkout below a private folder does not give.
const othersCanRunUs = asRoot && canEnter(accountFor('/', ['nobody']), import.meta.dirname)
if (asRoot && !othersCanRunUs)
  console.log('not run: other users at the data folder, since they cannot enter the checkout')

test('PostgreSQL runs as the user who started it, never as root', async () => {
  const folder = usedFolder()
  const embedded = await attachEmbedded({ folder, application, durable: false })
  const { uid } = statSync(join(folder, 'postgres'))
  if (asRoot) expect(['postgres', 'nobody']).toContain(userName(uid))
  else expect(uid).toBe(process.geteuid?.())
  await embedded.release()
})

if (othersCanRunUs) {
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

// Elsewhere there is no way in.
if (asRoot && process.platform === 'linux') {
  describe('a folder that PostgreSQL’s account cannot reach', () => {
    const nobody = { application, durable: false, serviceAccounts: ['nobody'] }

    function privateFolder(...below: string[]): string {
      const top = newFolder(...below)
      mkdirSync(top, { recursive: true })
      chmodSync(top, 0o700)
      return top
    }

    async function query(connection: SocketTarget, statement: Sql): Promise<{ pid?: number }[]> {
      const database = openDatabase({ connection, application, max: 1 })
      try {
        return await database.query(statement)
      } finally {
        await database.close()
      }
    }

    test('holds its cluster all the same, and stays as it was', async () => {
      const folder = privateFolder()
      const first = await attachEmbedded({ ...nobody, folder })
      const cluster = lstatSync(join(folder, 'postgres'))
      expect(cluster.isDirectory()).toBe(true)
      expect([userName(cluster.uid), cluster.mode & 0o777]).toEqual(['nobody', 0o700])
      expect([lstatSync(folder).uid, lstatSync(folder).mode & 0o777]).toEqual([0, 0o700])
      const second = await attachEmbedded({ ...nobody, folder })
      expect(second.connection).toEqual({ ...first.connection, host: join(folder, 'postgres') })
      await first.release()
      await second.release()
      expect(serverPid(folder)).toBeUndefined()
    })

    test('can be moved and copied with what is in it', async () => {
      const folder = privateFolder()
      const first = await attachEmbedded({ ...nobody, folder })
      await query(first.connection, sql`CREATE TABLE shop AS SELECT 'Colophon' AS name`)
      await first.release()
      const [moved, copy] = [privateFolder(), privateFolder()]
      renameSync(folder, moved)
      execFileSync('cp', ['-a', `${moved}/.`, copy])
      const both = [
        await attachEmbedded({ ...nobody, folder: moved }),
        await attachEmbedded({ ...nobody, folder: copy }),
      ]
      for (const embedded of both) {
        const shops = await query(embedded.connection, sql`SELECT name FROM shop`)
        expect(shops).toEqual([{ name: 'Colophon' }])
        await embedded.release()
      }
    })

    test('outlives the ends of a program, of a backend and of PostgreSQL itself', async () => {
      const folder = privateFolder()
      const options = { ...nobody, folder, exclusive: 'serve', durable: true }
      const shop = startProgram(options)
      await shop.next()
      shop.send('CREATE TABLE sold AS SELECT 1 AS n')
      await shop.next()
      const pid = serverPid(folder) ?? 0
      await shop.kill()
      const next = await attachEmbedded(options)
      expect(serverPid(folder)).toBe(pid)
      const sold = () => query(next.connection, sql`SELECT n FROM sold`).catch(() => 'not yet')
      // PostgreSQL's answer to a backend's death is to end all others and recover.
      const backends = sql`SELECT pid FROM pg_stat_activity WHERE application_name ~ '^test pid'`
      const [backend = {}] = await query(next.connection, backends)
      process.kill(backend.pid ?? Number.NaN, 'SIGKILL')
      await expect.poll(sold, { timeout: 10_000 }).toEqual([{ n: 1 }])
      expect(serverPid(folder)).toBe(pid)
      process.kill(pid, 'SIGKILL')
      await expect.poll(sold, { timeout: 10_000 }).toEqual([{ n: 1 }])
      expect(serverPid(folder)).not.toBe(pid)
      await next.release()
    })

    test('gets its socket elsewhere when its path is long', async () => {
      const folder = privateFolder('a-long-name-'.repeat(8))
      const embedded = await attachEmbedded({ ...nobody, folder })
      const { host } = embedded.connection
      expect(host.length).toBeLessThan(80)
      expect(await query(embedded.connection, sql`SELECT 1 AS one`)).toEqual([{ one: 1 }])
      await embedded.release()
      expect(existsSync(host)).toBe(false)
    })
  })
}
