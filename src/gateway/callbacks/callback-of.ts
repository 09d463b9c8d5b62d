import type { CallbackTo } from '../../core/callback.ts'
import { RetrofitError } from '../../core/errors.ts'
import { whyNoAddress } from '../../governance/callback-addresses.ts'
import type { Exchange } from '../exchange.ts'

/** `Callback-Url`, and in `Callback-Token` what is to be sent back with the message. */
export function callbackOf(headers: Exchange['headers']): CallbackTo | undefined {
  const [url, token] = [textOf(headers['callback-url']), textOf(headers['callback-token'])]
  if (url === undefined && token === undefined) return undefined
  if (url === undefined) throw invalid('Callback-Token', 'needs a Callback-Url, to which it is sent')
  const why = /^[\x21-\x7e]+$/.test(url) ? whyNoAddress(url) : 'must be printable ASCII: escape what is not'
  if (why !== undefined) throw invalid('Callback-Url', why)
  if (token !== undefined && !/^[\x20-\x7e]{1,2048}$/.test(token))
    throw invalid('Callback-Token', 'has 1 to 2048 printable ASCII characters')
  return token === undefined ? { url } : { url, token }
}

/** An empty header says nothing. */
const textOf = (value: string | readonly string[] | undefined): string | undefined => {
  const text = (typeof value === 'string' ? value : value?.join(', '))?.trim()
  return text === '' ? undefined : text
}

const invalid = (header: string, message: string): RetrofitError =>
  new RetrofitError('invalid_request', { detail: `${header} ${message}`, errors: [{ pointer: `/header/${header}`, message }] })
