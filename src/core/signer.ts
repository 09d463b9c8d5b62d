/** Tells what was written by an installation with this data key from what was put there by somebody else. */
export interface Signer {
  /** A keyed hash of all parts: of what it is, where it belongs, and what it says. */
  sign(...parts: readonly string[]): string
  isSigned(signature: unknown, ...parts: readonly string[]): boolean
}
