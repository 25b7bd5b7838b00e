const none: ReadonlySet<never> = new Set()

/** All that a worker has in hand, found by its task's id too: one task's messages may be several. */
export class InHand<T extends { readonly id: string }> extends Set<T> {
  readonly #byId = new Map<string, Set<T>>()

  withId(id: string): ReadonlySet<T> {
    return this.#byId.get(id) ?? none
  }

  override add(item: T): this {
    const others = this.#byId.get(item.id)
    if (others) others.add(item)
    else this.#byId.set(item.id, new Set([item]))
    return super.add(item)
  }

  override delete(item: T): boolean {
    const withId = this.#byId.get(item.id)
    withId?.delete(item)
    if (withId?.size === 0) this.#byId.delete(item.id)
    return super.delete(item)
  }

  override clear(): void {
    this.#byId.clear()
    super.clear()
  }
}
