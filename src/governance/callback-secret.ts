/** Messages about the end of runs are signed as Standard Webhooks say (symmetric, `v1`), with a secret of the key that started the run. */
import { createHmac, hkdfSync } from 'node:crypto'

/** What signs the messages of one key. Made of the data key: it is kept nowhere. */
export interface CallbackSigning {
  readonly dataKey: string
  readonly tenant: string
  readonly clientId: string
  /** Grows each time that somebody has the secret replaced. */
  readonly generation: number
}

/** `whsec_` and 32 bytes in base64: what the receiver is given. */
export const callbackSecret = (signing: CallbackSigning): string => `whsec_${secretBytes(signing).toString('base64')}`

function secretBytes({ dataKey, tenant, clientId, generation }: CallbackSigning): Buffer {
  const purpose = JSON.stringify(['retrofit callback', tenant, clientId, generation])
  return Buffer.from(hkdfSync('sha256', dataKey, '', purpose, 32))
}

export interface SignedMessage {
  readonly id: string
  /** Unix seconds: a receiver refuses what is older than some minutes. */
  readonly timestamp: number
  readonly body: string
}

/** `v1,<base64 of the HMAC-SHA-256 over id.timestamp.body>`. */
export const signatureOf = (signing: CallbackSigning, { id, timestamp, body }: SignedMessage): string =>
  `v1,${createHmac('sha256', secretBytes(signing)).update(`${id}.${timestamp}.${body}`).digest('base64')}`
