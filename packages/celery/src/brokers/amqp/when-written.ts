import { Duplex } from 'node:stream'
import type { Channel } from 'amqplib'
import { socketOf } from './connect.ts'

const nothing = Buffer.alloc(0)

/**
 * Calls back when all that was sent on the channel so far is the operating system's to deliver, or the connection is
 * gone. The library says neither: frames wait in the channel's buffer for the next turn of the event loop, and there
 * for longer while the socket is full.
 */
export function whenWritten(channel: Channel, done: () => void): void {
  const socket = socketOf(channel)
  if (!socket?.writable) done()
  else if (!isQueued(channel)) afterWrites(socket, done)
  else if (socket.writableNeedDrain) afterWrites(socket, () => whenWritten(channel, done))
  else setImmediate(whenWritten, channel, done)
}

function afterWrites(socket: Duplex, done: () => void): void {
  if (socket.writableLength > 0) socket.write(nothing, () => done())
  else done()
}

/** The part of the library's channels that its types leave out. */
interface Inner {
  ch?: number
  connection: { channels?: Record<number, { buffer?: unknown } | undefined> }
}

function isQueued(channel: Channel): boolean {
  const { ch = 0, connection } = channel as Inner
  const buffer = connection.channels?.[ch]?.buffer
  return buffer instanceof Duplex && buffer.readableLength + buffer.writableLength > 0
}
