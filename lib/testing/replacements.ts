/**
 * Properties of objects that are not ours, replaced for a while.
 */

interface Replaced {
  readonly owner: object
  readonly key: string
  /** Undefined where the owner had none of its own. */
  readonly descriptor: PropertyDescriptor | undefined
}

/** Replaces, and puts back. */
export class Replacements {
  private readonly replaced: Replaced[]

  constructor() {
    this.replaced = []
  }

  /** Gives the owner these properties. One that can't be replaced stays: a runtime may freeze its own. */
  replaceAll(owner: object, properties: Readonly<Record<string, unknown>>): void {
    for (const [key, value] of Object.entries(properties)) {
      const descriptor = Reflect.getOwnPropertyDescriptor(owner, key)
      const enumerable = descriptor?.enumerable ?? false
      const isDone = Reflect.defineProperty(owner, key, { configurable: true, writable: true, enumerable, value })
      if (isDone) this.replaced.unshift({ owner, key, descriptor })
    }
  }

  undo(): void {
    for (const { owner, key, descriptor } of this.replaced.splice(0)) {
      if (descriptor === undefined) Reflect.deleteProperty(owner, key)
      else Reflect.defineProperty(owner, key, descriptor)
    }
  }
}
