/**
 * Classes whose objects are known in every copy of the package.
 *
 * Strategy: a process can have two copies of the package (ES modules and CommonJS, two versions, the realms of a test
 * runner), whose classes have different prototypes. The objects of a branded class carry a symbol of the registry that
 * all copies and realms share, and `instanceof` asks for that.
 */

/** A class, whoever may construct it. */
interface Class {
  readonly prototype: object
}

const ordinary = Function.prototype[Symbol.hasInstance] as (this: unknown, value: unknown) => boolean

/**
 * Makes `instanceof type` true for objects of this class, of its subclasses, and of the class that another copy branded
 * with the same name. For subclasses themselves `instanceof` stays as it is.
 */
export function brand(type: Class, name: string): void {
  const mark = Symbol.for(`httprx.${name}`)
  Object.defineProperty(type.prototype, mark, { value: true })
  Object.defineProperty(type, Symbol.hasInstance, {
    value(this: unknown, candidate: unknown): boolean {
      if (this !== type) return ordinary.call(this, candidate)
      return typeof candidate === 'object' && candidate !== null && mark in candidate
    },
  })
}
