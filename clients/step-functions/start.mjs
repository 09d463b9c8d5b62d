/**
 * A Lambda function that Step Functions invokes with `.waitForTaskToken`: it calls an action and does not wait for its end.
 * Environment: RETROFIT_URL, RETROFIT_KEY, CALLBACK_URL (where receive.mjs is reached).
 */

/** @param {{ action: string, input: object, key: string, token: string }} task `key`: the same for every try of one state of one execution. */
export async function handler({ action, input, key, token }) {
  const { RETROFIT_URL, RETROFIT_KEY, CALLBACK_URL = '' } = process.env
  const answer = await fetch(`${RETROFIT_URL}/v1/actions/${action}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${RETROFIT_KEY}`,
      'content-type': 'application/json',
      'idempotency-key': JSON.stringify(key),
      prefer: 'respond-async',
      'callback-url': CALLBACK_URL,
      'callback-token': token
    },
    body: JSON.stringify(input)
  })
  const { runId = answer.headers.get('run-id'), code, detail } = await answer.json()
  // A run that ended badly has a run id too: its end comes as a message.
  if (runId !== null && runId !== undefined) return { runId }
  const error = new Error(`${code}: ${detail}`)
  // The state machine tries again what can help.
  error.name = answer.status === 429 || answer.status === 503 ? 'Retrofit.Later' : 'Retrofit.Refused'
  throw error
}
