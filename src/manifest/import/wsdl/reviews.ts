/** What the author of an imported action has to look at: promises that no file makes. */
import type { ActionEffect } from '../../../core/types.ts'
import type { Operation } from './model.ts'

const unguarded =
  'It writes and has no idempotency key and no probe: name the input that identifies the effect in idempotency.key, and add a probe.'

const unproven = 'Its declared faults end in outcome_unknown: write notApplied: true at each error that proves that nothing was done.'

/** SOAP 1.1, section 4.4.1, and SOAP 1.2 part 1, section 5.4.6: the message was wrong, and is not to be sent again as it is. */
const callersFault = (soap: Operation['soap']): string =>
  `A ${soap === '1.2' ? 'Sender' : 'Client'} fault ends in outcome_unknown: where the service checks a request before it does anything, write notApplied: [{ faultcode: ${soap === '1.2' ? 'Sender' : 'Client'} }].`

export function reviewsOf({ output, soap }: Operation, effect: ActionEffect, hasErrors: boolean): readonly string[] {
  if (effect === 'read') return []
  return [unguarded, ...(hasErrors ? [unproven] : []), ...(output === undefined ? [] : [callersFault(soap)])]
}
