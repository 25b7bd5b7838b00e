type Table = Record<string, unknown>

/** More names than programs give their headers; who makes them up as it goes begins anew. */
const mostNames = 100

/**
 * The headers of one message after the other in the same object. amqplib makes them the prototype of what it encodes,
 * and for V8 to make a prototype of an object costs more than all the rest of publishing.
 */
export class SharedHeaders {
  #table: Table = {}

  /** Good until the next call. */
  of(headers: Table): Table {
    let names = 0
    for (const name in this.#table) {
      // amqplib leaves it out.
      this.#table[name] = undefined
      names++
    }
    if (names > mostNames) this.#table = {}
    for (const name in headers) this.#table[name] = headers[name]
    return this.#table
  }
}
