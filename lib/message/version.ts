/**
 * The protocol version of a message.
 */

/**
 * An HTTP version. The two that the library supports are singletons, so that `===` compares them.
 *
 * @see RFC 9110 §2.5
 */
export class Version {
  /** The major version, which defines the syntax of messages: 1 for everything here. */
  readonly major: number
  /** The minor version: the features that the sender supports. */
  readonly minor: number

  static readonly HTTP_1_0 = new Version(1, 0)
  static readonly HTTP_1_1 = new Version(1, 1)

  private constructor(major: number, minor: number) {
    this.major = major
    this.minor = minor
  }

  /**
   * The version with these two numbers, each 0 to 9.
   *
   * - `Version.of(1, 0) === Version.HTTP_1_0`
   * - `Version.of(1, 1) === Version.HTTP_1_1`
   */
  static of(major: number, minor: number): Version {
    if (major === 1 && minor === 1) return Version.HTTP_1_1
    if (major === 1 && minor === 0) return Version.HTTP_1_0
    return new Version(major, minor)
  }

  /**
   * Negative where this version is before `other`, positive where it is after, 0 where they are equal: a total order.
   *
   * - `Version.HTTP_1_0.compare(Version.HTTP_1_1) < 0`
   */
  compare(other: Version): number {
    return this.major - other.major || this.minor - other.minor
  }

  /** The version as the start line has it: `HTTP/1.1`. */
  toString(): string {
    return `HTTP/${this.major}.${this.minor}`
  }
}
