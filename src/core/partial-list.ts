/** A list of an output that is not all that the target has. */
export interface PartialList {
  /** As the manifest calls it where it is read. */
  readonly name: string
  /** The sign that the list is not whole; may hold words of the target. */
  readonly reason: string
}
