/**
 * A Lambda function behind a function URL: it takes the message about the end of a run and gives the task its result.
 * Environment: CALLBACK_SECRETS, the secrets of the key with commas (two while one is replaced).
 */
import { createHmac, timingSafeEqual } from 'node:crypto'

/** Seconds. An older message may be a copy that somebody sends again. */
const tolerance = 300
/** The limits of Step Functions. */
const [longestError, longestCause] = [256, 32_768]
/** The task is over, or its token is none: sending the message again does not help. */
const over = new Set(['TaskTimedOut', 'TaskDoesNotExist', 'InvalidToken'])

export const handler = async event =>
  receive(event, { secrets: (process.env.CALLBACK_SECRETS ?? '').split(','), send: sendToStepFunctions })

/** Any 2xx says that it has arrived; anything else, also an error that is thrown, has it sent again later. */
export async function receive(event, { secrets, send, now = Date.now() }) {
  const body = event.isBase64Encoded ? Buffer.from(event.body ?? '', 'base64').toString() : (event.body ?? '')
  if (!isSigned({ headers: event.headers, body, secrets, now })) return { statusCode: 401 }
  const { data } = JSON.parse(body)
  if (data.token === undefined) return { statusCode: 204 }
  try {
    await send(resultOf(data))
  } catch (error) {
    if (!over.has(error.name)) throw error
  }
  return { statusCode: 204 }
}

/** Standard Webhooks: HMAC-SHA-256 over id, time and body, of a time that is near. */
function isSigned({ headers, body, secrets, now }) {
  const [id, timestamp, signatures = ''] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map(name => headers[name])
  // Written so that what is no number is refused too.
  if (!(Math.abs(now / 1_000 - Number(timestamp)) <= tolerance)) return false
  const wanted = secrets.map(secret => createHmac('sha256', Buffer.from(secret.trim().slice('whsec_'.length), 'base64')))
  const digests = wanted.map(hmac => Buffer.from(`v1,${hmac.update(`${id}.${timestamp}.${body}`).digest('base64')}`))
  const given = signatures.split(' ').map(signature => Buffer.from(signature))
  return digests.some(one => given.some(other => one.length === other.length && timingSafeEqual(one, other)))
}

function resultOf({ status, token: taskToken, runId, output = null, outputOmitted, error, effect }) {
  if (status === 'completed') return { taskToken, output: JSON.stringify(outputOmitted === undefined ? output : { runId, outputOmitted }) }
  const cause = JSON.stringify({ runId, effect, detail: error?.detail, hint: error?.hint })
  return { taskToken, error: String(error?.code ?? status).slice(0, longestError), cause: cause.slice(0, longestCause) }
}

/** The SDK is a part of Lambda's runtime. */
async function sendToStepFunctions(result) {
  const { SFNClient, SendTaskFailureCommand, SendTaskSuccessCommand } = await import('@aws-sdk/client-sfn')
  const command = result.error === undefined ? new SendTaskSuccessCommand(result) : new SendTaskFailureCommand(result)
  await new SFNClient().send(command)
}
