import { expect, test, vi } from 'vitest'
import { createMemoryBroker } from '../../src/brokers/memory/index.ts'
import { keepListening } from '../../src/control/keep-listening.ts'
import { pidboxExchange } from '../../src/control/mailbox.ts'
import { recordingLog } from '../events/support/recording-log.ts'

const options = { exchange: pidboxExchange, routingKey: '', queue: 'own', onMessage() {} }

test('what is refused is tried again until it goes, and then stopped with all else', async () => {
  const info = vi.fn()
  const log = { ...recordingLog(), info }
  const stop = vi.fn(async () => {})
  const listen = vi.fn(async () => ({ stop }))
  listen.mockRejectedValueOnce(new Error('locked')).mockRejectedValueOnce(new Error('locked'))
  const listening = await keepListening({ listen }, options, log, 0.01)
  expect(listen).toHaveBeenCalledTimes(1)
  await vi.waitFor(() => expect(listen).toHaveBeenCalledTimes(3))
  await listening.stop()
  expect(stop).toHaveBeenCalledTimes(1)
  expect(log.warnings).toEqual(['no remote control yet: is there a worker of the same name?'])
  expect(info.mock.calls.map(([, message]) => message)).toEqual(['remote control is served now'])
  expect(log.unshown).toEqual([])
})

test('it can be stopped while it waits for the next try', async () => {
  const listen = vi.fn(() => Promise.reject(new Error('locked')))
  const listening = await keepListening({ listen }, options, recordingLog(), 60)
  await listening.stop()
  expect(listen).toHaveBeenCalledTimes(1)
})

test('where nothing is refused, it is tried once', async () => {
  const broker = createMemoryBroker()
  await broker.open()
  const listen = vi.spyOn(broker, 'listen')
  const listening = await keepListening(broker, options, recordingLog(), 0.001)
  await listening.stop()
  expect(listen).toHaveBeenCalledTimes(1)
  await broker.close()
})
