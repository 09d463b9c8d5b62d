export interface ErrorKind {
  readonly status: number
  readonly title: string
  readonly retryable: boolean
  /** For an agent: what to do next. In the words of HTTP: `surface/hint-for.ts` has those of others. */
  readonly hint: string
  /** Where the thrower says of `retryable` the opposite. */
  readonly otherwise?: string | undefined
}

/** A row of the table in `errors.ts`. */
export const kind = (status: number, title: string, retryable: boolean, ...[hint, otherwise]: readonly [string, string?]): ErrorKind => ({
  status,
  title,
  retryable,
  hint,
  otherwise
})
