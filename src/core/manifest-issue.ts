/** A mistake in a manifest. A warning does not stop the bot. */
export interface ManifestIssue {
  readonly severity: 'error' | 'warning'
  readonly file: string
  /** From 1, as editors count. */
  readonly line: number
  readonly column: number
  /** JSON Pointer to the place; the whole file is ''. */
  readonly pointer: string
  /** Where and what is wrong, and what to write instead. */
  readonly message: string
}
