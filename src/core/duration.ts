/** Durations as manifests write them: `250ms`, `5s`, `2m`, `12h`, `30d`. */

export const durationPattern = /^(0|[1-9][0-9]{0,8})(ms|s|m|h|d)$/

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds; NaN when the text is not a duration. */
export function durationMs(text: string): number {
  const found = durationPattern.exec(text)
  return found === null ? Number.NaN : Number(found[1]) * (unitMs[found[2] ?? ''] ?? Number.NaN)
}
