/** Many calls of one action at once: checked together, then each behind the gate by itself. */
import { RetrofitError } from '../core/errors.ts'
import type { BatchItem, BatchRequest, CallRequest, Plan, Submitted } from './engine.ts'
import type { Parts } from './parts.ts'
import { type Admitted, admit, planOf, submitAdmitted } from './submit.ts'

/** Together in one round trip or one commit of the ledger. */
const atOnce = 50
/** In one answer; every refused item has at least one. */
const mostErrors = 1_000
const errorsOfItem = 5

/** Mistakes of one item; anything else is the same for all. */
const ofItem: ReadonlySet<string> = new Set(['invalid_input', 'idempotency_key_required'])

export async function submitBatch(parts: Parts, request: BatchRequest): Promise<readonly (Submitted | RetrofitError)[]> {
  const admitted = await admitAll(parts, request)
  const answers: (Submitted | RetrofitError)[] = []
  for (let start = 0; start < admitted.length; start += atOnce) {
    const some = admitted.slice(start, start + atOnce)
    answers.push(...(await Promise.all(some.map(one => (one instanceof RetrofitError ? one : acceptOne(parts, request, one))))))
  }
  return unlessNone(answers)
}

export async function planBatch(parts: Parts, request: BatchRequest): Promise<readonly (Plan | RetrofitError)[]> {
  const admitted = await admitAll(parts, request)
  return unlessNone(
    admitted.map((one, index) => (one instanceof RetrofitError ? one : (one.refusal ?? planOf(callOf(request, request.items[index]), one))))
  )
}

/** Nothing is gained by an answer that names a thousand times the same refusal. */
function unlessNone<T>(answers: readonly (T | RetrofitError)[]): readonly (T | RetrofitError)[] {
  const refused = answers.filter(one => one instanceof RetrofitError)
  const [first] = refused
  const isSame = refused.length === answers.length && refused.every(({ code }) => code === first?.code)
  if (first === undefined || !isSame) return answers
  throw first.code === 'invalid_input' ? refusal(refused.map((error, index) => [index, error])) : first
}

async function acceptOne(parts: Parts, request: BatchRequest, admitted: Admitted): Promise<Submitted | RetrofitError> {
  try {
    return await submitAdmitted(parts, request, admitted)
  } catch (error) {
    if (error instanceof RetrofitError) return error
    throw error
  }
}

const callOf = (
  { items: _, lenient: __, ...request }: BatchRequest,
  { input, idempotencyKey }: BatchItem = { input: {} }
): CallRequest => ({
  ...request,
  input,
  ...(idempotencyKey === undefined ? {} : { idempotencyKey })
})

async function admitAll(parts: Parts, request: BatchRequest): Promise<readonly (Admitted | RetrofitError)[]> {
  const admitted: (Admitted | RetrofitError)[] = []
  for (const [index, item] of request.items.entries())
    admitted.push(await admit(parts, callOf(request, item)).catch(error => placed(error, index)))
  const checked = withoutTwins(admitted, request.items)
  const refused = checked.flatMap((one, index) => (one instanceof RetrofitError ? [[index, one] as const] : []))
  if (refused.length > 0 && !request.lenient) throw refusal(refused, request.items.length)
  const [first] = checked
  if (request.items.length > 1 && first !== undefined && !(first instanceof RetrofitError)) refuseScreens(first)
  return checked
}

/** With pointers into the batch. */
function placed(error: unknown, index: number): RetrofitError {
  if (!(error instanceof RetrofitError) || !ofItem.has(error.code)) throw error
  const { code, message: detail, hint, errors } = error
  const place = `/items/${index}`
  if (errors.length === 0) return new RetrofitError(code, { detail, hint, errors: [{ pointer: `${place}/key`, message: detail }] })
  return new RetrofitError(code, { detail, hint, errors: errors.map(one => ({ ...one, pointer: `${place}/input${one.pointer}` })) })
}

/** The steps of a wizard follow one another. */
function refuseScreens({ action }: Admitted): void {
  if (action.session?.screen === undefined) return
  const message = `${action.name} runs on the screen of a session, which takes one call at a time`
  throw new RetrofitError('invalid_input', {
    detail: message,
    hint: 'Call it once for each step.',
    errors: [{ pointer: '/items', message }]
  })
}

/** One key twice in a batch is a mistake: the caller expects two runs and would get one. */
function withoutTwins(admitted: readonly (Admitted | RetrofitError)[], items: readonly BatchItem[]): readonly (Admitted | RetrofitError)[] {
  const seen = new Map<string, number>()
  return admitted.map((one, index) => {
    if (one instanceof RetrofitError) return one
    const twin = one.keys.map(({ key }) => seen.get(key)).find(known => known !== undefined)
    if (twin !== undefined) return twinError(one, { index, twin, items })
    for (const { key } of one.keys) seen.set(key, index)
    return one
  })
}

interface Twin {
  readonly index: number
  readonly twin: number
  readonly items: readonly BatchItem[]
}

function twinError({ action }: Admitted, { index, twin, items }: Twin): RetrofitError {
  const isOwnKey = items[index]?.idempotencyKey !== undefined && items[index]?.idempotencyKey === items[twin]?.idempotencyKey
  const message = isOwnKey
    ? `is the key of /items/${twin} too: each item has a key of its own`
    : `has the same ${(action.idempotency.key ?? []).join(' and ')} as /items/${twin}, which is one effect`
  const pointer = `/items/${index}/${isOwnKey ? 'key' : 'input'}`
  return new RetrofitError('invalid_input', { detail: `${pointer} ${message}`, errors: [{ pointer, message }] })
}

/** Every refused item by its place. */
function refusal(refused: readonly (readonly [number, RetrofitError])[], all = refused.length): RetrofitError {
  const errors = refused.flatMap(([, error]) => error.errors.slice(0, errorsOfItem))
  const named = refused.slice(0, 10).map(([index]) => `/items/${index}`)
  const more = refused.length > named.length ? ' and others' : ''
  return new RetrofitError('invalid_input', {
    detail: `${refused.length} of ${all} items are not valid (${named.join(', ')}${more}); none was accepted.`,
    hint: 'Correct the items that errors[] names and send the batch again, or send Prefer: handling=lenient to have the others accepted.',
    errors: errors.slice(0, mostErrors)
  })
}
