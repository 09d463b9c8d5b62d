import { createHmac, createSecretKey, hkdfSync, timingSafeEqual } from 'node:crypto'
import type { Signer } from '../core/signer.ts'

/** HMAC-SHA-256 with a key of its own, made of the data key. */
export function createSigner(dataKey: string): Signer {
  const key = createSecretKey(Buffer.from(hkdfSync('sha256', dataKey, '', 'retrofit records', 32)))
  const digest = (parts: readonly string[]): Buffer => {
    const hmac = createHmac('sha256', key)
    // Each with its length, so that no text can move from one part to the next.
    for (const part of parts) hmac.update(`${Buffer.byteLength(part)}:`).update(part)
    return hmac.digest()
  }
  return {
    sign: (...parts) => digest(parts).toString('base64url'),
    isSigned: (signature, ...parts) => {
      if (typeof signature !== 'string') return false
      const given = Buffer.from(signature, 'base64url')
      const wanted = digest(parts)
      return given.length === wanted.length && timingSafeEqual(given, wanted)
    }
  }
}
