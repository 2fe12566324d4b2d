/**
 * Reads every getter of an object, inherited ones included: a getter must change nothing.
 */

/** The names of the getters of each kind of object. */
const known = new Map<unknown, string[]>()

/** Reads all getters of `object`. */
export function readGetters(object: object): unknown[] {
  const kind: unknown = Object.getPrototypeOf(object)
  const names = known.get(kind) ?? gettersOf(object)
  known.set(kind, names)
  return names.map(name => (object as Record<string, unknown>)[name])
}

function gettersOf(object: object): string[] {
  const names: string[] = []
  for (let place: object | null = object; place !== null && place !== Object.prototype;) {
    for (const [name, { get }] of Object.entries(Object.getOwnPropertyDescriptors(place))) {
      if (get !== undefined) names.push(name)
    }
    place = Object.getPrototypeOf(place) as object | null
  }
  return names
}
