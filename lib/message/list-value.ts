/**
 * Field values that are comma-separated lists of tokens: Connection, Transfer-Encoding, Upgrade, Expect.
 *
 * A list may be spread over several fields of one name; blanks around members and empty members are ignored (RFC 9110
 * §5.6.1). Members compare case-insensitively. Quoted strings are not parsed: none of the members that the library
 * accepts contains one.
 */
import type { Headers } from './headers.js'
import { isSameText, skipBlanks, skipBlanksBack } from './text.js'

function endOfMember(value: string, at: number): number {
  const comma = value.indexOf(',', at)
  return comma < 0 ? value.length : comma
}

function valueIncludes(value: string, member: string): boolean {
  for (let at = 0; at < value.length;) {
    const comma = endOfMember(value, at)
    const start = skipBlanks(value, at, comma)
    const end = skipBlanksBack(value, comma, start)
    if (end - start === member.length && isSameText(value, start, member)) return true
    at = comma + 1
  }
  return false
}

/**
 * The value without the spaces and tabs around it. `trim` would remove more, such as a no-break space, which belongs to
 * the value.
 *
 * @see RFC 9110 §5.6.3
 * @internal
 */
export function trimBlanks(value: string): string {
  const start = skipBlanks(value, 0, value.length)
  return value.slice(start, skipBlanksBack(value, value.length, start))
}

/**
 * Whether the list in the fields called `name` has `member`, which must not be empty. Nothing is allocated where there
 * is no such field.
 *
 * - `listIncludes(h, n, m) = listMembers(h, n).includes(lowerCase(m))`
 *
 * @internal
 */
export function listIncludes(headers: Headers, name: string, member: string): boolean {
  for (let i = headers.indexOf(name, 0); i >= 0; i = headers.indexOf(name, i + 1)) {
    if (valueIncludes(headers.valueAt(i), member)) return true
  }
  return false
}

/**
 * The members of the list in the fields called `name`, in order and in lower case; none if there is no such field.
 *
 * @internal
 */
export function listMembers(headers: Headers, name: string): string[] {
  const members = headers.getMulti(name).flatMap(value => value.split(','))
  return members.map(member => trimBlanks(member).toLowerCase()).filter(member => member !== '')
}
