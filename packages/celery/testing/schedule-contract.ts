import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EntryState, Run, ScheduleStore } from '../src/beat/store.ts'

export interface ScheduleStores {
  /** One more store on the same data, not open yet, as another scheduler would have. */
  store(): ScheduleStore
  drop(): Promise<void>
}

/** What every `ScheduleStore` keeps to. `create` makes stores whose data is nobody else's. */
export function scheduleContract(name: string, create: () => Promise<ScheduleStores>): void {
  describe(`schedules in ${name}`, () => {
    let stores: ScheduleStores
    let one: ScheduleStore
    let two: ScheduleStore

    beforeAll(async () => {
      stores = await create()
      one = stores.store()
      two = stores.store()
      await Promise.all([one.open(), two.open()])
      await one.open()
    })
    afterAll(async () => {
      await Promise.all([one?.close(), two?.close()])
      await one?.close()
      await stores?.drop()
    })

    async function stateOf(entry: string): Promise<EntryState> {
      const state = (await two.read()).entries.find(({ name }) => name === entry)
      if (state === undefined) throw new Error(`no entry ${entry}`)
      return state
    }

    /** A new entry, and its run that is due so many milliseconds after its beginning, when that is over. */
    async function entryWithRun(after = 1): Promise<{ name: string; run: Run }> {
      const name = `entry ${randomUUID()}`
      await one.register([{ name, task: 'tasks.add', schedule: 'every 10 s', broker: 'amqp://one//' }])
      const due = new Date((await stateOf(name)).since.getTime() + after)
      await expect.poll(async () => (await one.read()).now >= due, { interval: 1 }).toBe(true)
      return { name, run: { entry: name, due, manual: false, taskId: randomUUID() } }
    }

    const manualRun = async (entry: string): Promise<Run> => {
      const due = (await stateOf(entry)).triggered
      if (due === undefined) throw new Error('not triggered')
      return { entry, due, manual: true, taskId: randomUUID() }
    }

    const send = async () => {}
    const mustNotSend = async () => {
      throw new Error('sent twice')
    }

    it('begins an entry when it is first made known, and keeps it from then on', async () => {
      const before = (await one.read()).now
      const name = `a name with "quotes", \\ and ünïcode ${randomUUID()}`
      await one.register([{ name, task: 'tasks.add', schedule: 'every 10 s', broker: 'amqp://one//' }])
      const first = await stateOf(name)
      expect(first).toMatchObject({
        name,
        task: 'tasks.add',
        schedule: 'every 10 s',
        broker: 'amqp://one//',
        paused: false,
        runs: 0,
      })
      expect(first).toMatchObject({ lastDue: undefined, lastSent: undefined, triggered: undefined })
      expect(first.since.getTime()).toBeGreaterThanOrEqual(before.getTime())
      expect(first.since.getTime()).toBeLessThanOrEqual((await two.read()).now.getTime())

      await two.register([{ name, task: 'tasks.sub', schedule: 'every 20 s', broker: 'amqp://two//' }])
      const again = await stateOf(name)
      expect(again).toMatchObject({
        task: 'tasks.sub',
        schedule: 'every 20 s',
        broker: 'amqp://two//',
        since: first.since,
      })
      expect(again.seen.getTime()).toBeGreaterThanOrEqual(first.seen.getTime())
    })

    it('has nothing against no entries at all', async () => {
      await one.register([])
    })

    it('sends a due run once, and keeps that it did', async () => {
      const { name, run } = await entryWithRun()
      expect(await one.sendOnce(run, send)).toBe(true)
      expect(await two.sendOnce(run, mustNotSend)).toBe(false)
      expect(await one.sendOnce(run, mustNotSend)).toBe(false)
      const state = await stateOf(name)
      expect(state).toMatchObject({ since: run.due, lastDue: run.due, runs: 1 })
      expect(state.lastSent?.getTime()).toBeGreaterThanOrEqual(run.due.getTime())
    })

    it('sends it once when many would at the same time', async () => {
      const runs = await Promise.all(Array.from({ length: 3 }, () => entryWithRun()))
      const sent: string[] = []
      const tries = runs.flatMap(({ run }) =>
        [one, two, one, two].map((store) =>
          store.sendOnce(run, async () => {
            sent.push(run.entry)
            // Until everyone has tried, so that all of them meet the claim.
            await one.read()
          }),
        ),
      )
      const outcomes = await Promise.all(tries)
      expect(outcomes.filter((wasSent) => wasSent)).toHaveLength(runs.length)
      expect(sent.sort()).toEqual(runs.map(({ name }) => name).sort())
    })

    it('leaves a run to who is sending it', async () => {
      const { run } = await entryWithRun()
      const sending = Promise.withResolvers<void>()
      const finish = Promise.withResolvers<void>()
      const first = one.sendOnce(run, async () => {
        sending.resolve()
        await finish.promise
      })
      await sending.promise
      expect(await two.sendOnce(run, mustNotSend)).toBe(false)
      finish.resolve()
      expect(await first).toBe(true)
      expect(await two.sendOnce(run, mustNotSend)).toBe(false)
    })

    it('can be changed while a run is being sent', async () => {
      const { name, run } = await entryWithRun()
      const sent = await one.sendOnce(run, async () => {
        await two.register([{ name, task: 'tasks.add', schedule: 'every 20 s', broker: 'amqp://two//' }])
        await two.setPaused(name, true)
        await two.trigger(name)
      })
      expect(sent).toBe(true)
      expect(await stateOf(name)).toMatchObject({ paused: true, lastDue: run.due, runs: 1 })
      expect(await two.sendOnce(await manualRun(name), send)).toBe(true)
    })

    it('can send a run again that could not be sent', async () => {
      const { name, run } = await entryWithRun()
      const refused = new Error('the broker is away')
      await expect(one.sendOnce(run, () => Promise.reject(refused))).rejects.toBe(refused)
      expect(await stateOf(name)).toMatchObject({ lastDue: undefined, runs: 0 })
      expect(await two.sendOnce(run, send)).toBe(true)
    })

    it('sends no run before its time, none before the last one, and none of an entry it does not know', async () => {
      const { name, run } = await entryWithRun(2)
      const later = { ...run, due: new Date((await one.read()).now.getTime() + 60_000) }
      expect(await one.sendOnce(later, mustNotSend)).toBe(false)
      expect(await one.sendOnce(run, send)).toBe(true)
      const earlier = { ...run, due: new Date(run.due.getTime() - 1) }
      expect(await one.sendOnce(earlier, mustNotSend)).toBe(false)
      expect(await one.sendOnce({ ...run, entry: `no ${name}` }, mustNotSend)).toBe(false)
    })

    it('sends nothing of a paused entry, and counts from now when it is resumed', async () => {
      const { name, run } = await entryWithRun()
      expect(await two.setPaused(name, true)).toBe(true)
      await one.register([{ name, task: 'tasks.add', schedule: 'every 10 s', broker: 'amqp://one//' }])
      expect(await stateOf(name)).toMatchObject({ paused: true })
      expect(await one.sendOnce(run, mustNotSend)).toBe(false)
      expect(await two.setPaused(name, false)).toBe(true)
      const resumed = await stateOf(name)
      expect(resumed.paused).toBe(false)
      expect(resumed.since.getTime()).toBeGreaterThanOrEqual(run.due.getTime())
      expect(await two.setPaused(name, false)).toBe(true)
      expect((await stateOf(name)).since).toEqual(resumed.since)
      expect(await one.setPaused(`no ${name}`, true)).toBe(false)
    })

    it('sends once what was asked for by hand, also twice and of a paused entry', async () => {
      const { name } = await entryWithRun()
      await one.setPaused(name, true)
      expect(await one.trigger(`no ${name}`)).toBe(false)
      expect(await one.trigger(name)).toBe(true)
      expect(await two.trigger(name)).toBe(true)
      const manual = await manualRun(name)
      const other = { ...manual, due: new Date(manual.due.getTime() - 1) }
      expect(await one.sendOnce(other, mustNotSend)).toBe(false)
      expect(await one.sendOnce(manual, send)).toBe(true)
      expect(await two.sendOnce(manual, mustNotSend)).toBe(false)
      const state = await stateOf(name)
      expect(state).toMatchObject({ triggered: undefined, lastDue: undefined, runs: 1 })
      expect(state.lastSent).toBeInstanceOf(Date)
    })

    it('keeps what was asked for by hand when it could not be sent', async () => {
      const { name } = await entryWithRun()
      await one.trigger(name)
      const manual = await manualRun(name)
      await expect(one.sendOnce(manual, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
      expect(await two.sendOnce(manual, send)).toBe(true)
    })
  })
}
