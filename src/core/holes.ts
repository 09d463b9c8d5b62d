/** `{{ … }}` in a text. The texts come from others, so one pass finds every hole, however many braces stand there. */
export interface Holes {
  /** The text around the holes: one more than there are holes. */
  readonly literals: readonly string[]
  /** The texts between the braces. A hole ends at the first `}}`. */
  readonly expressions: readonly string[]
  /** Offset of a `{{` that nothing closes; what follows belongs to the last literal. */
  readonly unclosed?: number | undefined
}

export function splitHoles(text: string): Holes {
  const literals: string[] = []
  const expressions: string[] = []
  let from = 0
  for (;;) {
    const start = text.indexOf('{{', from)
    const end = start < 0 ? -1 : text.indexOf('}}', start + 2)
    if (end < 0) {
      literals.push(text.slice(from))
      return { literals, expressions, unclosed: start < 0 ? undefined : start }
    }
    literals.push(text.slice(from, start))
    expressions.push(text.slice(start + 2, end))
    from = end + 2
  }
}
