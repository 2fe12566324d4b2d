/**
 * Temporarily replaces properties of foreign objects (globals and built-in modules).
 */

interface Replaced {
  readonly owner: object
  readonly key: string
  /** The original property; undefined if the owner had none. */
  readonly descriptor: PropertyDescriptor | undefined
}

/** A list of replaced properties, which can be undone. */
export class Replacements {
  private readonly replaced: Replaced[]

  constructor() {
    this.replaced = []
  }

  /** Replaces properties of the owner. Frozen ones stay. */
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
