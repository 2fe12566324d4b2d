/**
 * Makes `instanceof` work across copies of the package.
 *
 * Strategy: a process can load two copies of the package (ES modules and CommonJS, two versions, the realms of a test
 * runner), whose classes have different prototypes. The objects of a branded class carry a symbol from the global
 * registry, which all copies and realms share, and `instanceof` checks for that symbol.
 */

/** Any class, also one with a private constructor. */
interface Class {
  readonly prototype: object
}

const ordinary = Function.prototype[Symbol.hasInstance] as (this: unknown, value: unknown) => boolean

/**
 * Makes `instanceof type` true for objects of this class, of its subclasses, and of any class that another copy branded
 * with the same name. `instanceof` of a subclass is unchanged.
 */
export function brand(type: Class, name: string): void {
  const mark = Symbol.for(`httprx.${name}`)
  Object.defineProperty(type.prototype, mark, { value: true })
  Object.defineProperty(type, Symbol.hasInstance, {
    value(this: unknown, candidate: unknown): boolean {
      if (this !== type) return ordinary.call(this, candidate)
      return typeof candidate === 'object' && candidate !== null && has(candidate, mark)
    },
  })
}

/** Any value can be thrown, also a proxy that throws when it is asked. */
function has(candidate: object, mark: symbol): boolean {
  try {
    return mark in candidate
  } catch {
    return false
  }
}
