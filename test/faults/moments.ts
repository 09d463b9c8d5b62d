/** The named moments of a run's life at which the campaign kills, stops or blocks a process. */

export const moments = {
  A1: 'the call is read, nothing is written',
  A2: 'the row is sent to the ledger, not confirmed',
  A3: 'the row is durable, no answer is sent',
  A4: 'the caller has an answer, nothing is published',
  A5: 'the message is sent, not confirmed',
  A6: 'the message is confirmed',
  W1: 'the message is delivered',
  W2: 'the claim is durable, nothing is acknowledged',
  W3: 'the message is acknowledged',
  W4: 'the first step begins: connection, page, login',
  W5: 'the step with the effect begins',
  W6: 'before the commit marker',
  W7: 'the commit marker is sent, not confirmed',
  W8: 'the commit marker is durable, nothing has left',
  W9: 'the target has the request and has not applied it',
  W10: 'the target has applied it and not answered',
  W11: 'the answer is read',
  W12: 'the outcome is durable, nobody is told',
  W13: 'the handler has ended',
  R1: 'a worker took the run to probe it',
  R2: 'the probe begins',
  R3: 'the probe has its answer, nothing is written',
  H1: "a person's decision is durable, not answered",
  G1: 'the caller waits for the run'
} as const

export type Moment = keyof typeof moments
export const momentNames = Object.keys(moments) as readonly Moment[]

/** Whose process is at the moment. Embedded there is one. */
export const roleAt = (moment: Moment): 'gateway' | 'worker' => (/^[AGH]/.test(moment) ? 'gateway' : 'worker')

/** Between them nobody can tell from outside whether the effect will be there. */
const ambiguous: ReadonlySet<Moment> = new Set(['W7', 'W8', 'W9', 'W10', 'W11'])

/**
 * Killed there, a run ends by itself with exactly one effect. Embedded, the acknowledgement shares the next commit of the ledger,
 * which may be the marker's: then W3 comes after it.
 */
export const recovers = (moment: Moment, mode: 'embedded' | 'distributed'): boolean =>
  !ambiguous.has(moment) && !/^[RH]/.test(moment) && !(mode === 'embedded' && moment === 'W3')
