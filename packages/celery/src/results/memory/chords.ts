import { decodeJson, encodeJson } from '../../protocol/json.ts'
import type { ChordPart } from '../port.ts'
import { Expiring } from './expiring.ts'

interface Chord {
  size: number | undefined
  joined: number
  parts: Map<string, Omit<ChordPart, 'result'> & { json: string }>
}

/** The chords that wait for their parts. */
export class MemoryChords {
  readonly #chords: Expiring<Chord>

  constructor(expires: number, max: number) {
    this.#chords = new Expiring(expires, max)
  }

  setSize(groupId: string, size: number): void {
    this.#chord(groupId).size = size
  }

  grow(groupId: string, by: number): void {
    this.#chord(groupId).joined += by
  }

  add(groupId: string, part: ChordPart): ChordPart[] | undefined {
    const chord = this.#chord(groupId)
    const { result, ...rest } = part
    chord.parts.set(part.taskId, { ...rest, json: encodeJson(result ?? null, 'result') })
    if (chord.size === undefined || chord.parts.size < chord.size + chord.joined) return undefined
    const parts = [...chord.parts.values()]
    return inHeaderOrder(parts.map(({ json, ...rest }) => ({ ...rest, result: decodeJson(json) })))
  }

  forget(groupId: string): void {
    this.#chords.delete(groupId)
  }

  #chord(groupId: string): Chord {
    const chord = this.#chords.get(groupId) ?? { size: undefined, joined: 0, parts: new Map() }
    this.#chords.set(groupId, chord)
    return chord
  }
}

/** Sorts parts in the order of their arrival by their index; those without one come last. */
function inHeaderOrder(parts: ChordPart[]): ChordPart[] {
  const place = (part: ChordPart) => part.index ?? Number.MAX_SAFE_INTEGER
  return parts.sort((one, other) => place(one) - place(other))
}
