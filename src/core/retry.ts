import type { RetryPolicy } from './types.ts'

/**
 * Exponential back-off with full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter"): between half and all of
 * `backoffMs` doubled for each attempt made, never over `maxBackoffMs`. In milliseconds.
 */
export function backoffMs(policy: RetryPolicy, attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(policy.maxBackoffMs, policy.backoffMs * 2 ** Math.max(0, attempt - 1))
  return Math.round(ceiling * (0.5 + random() / 2))
}

/** When the probe looks again after it could not tell: after 4, 16, 64 … settle times, five looks in all. */
export function nextProbeAt(now: number, settleMs: number, probes: number): number | undefined {
  return probes >= 5 ? undefined : now + Math.max(1_000, settleMs) * 4 ** Math.max(1, probes)
}
