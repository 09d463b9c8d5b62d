/** An OpenAI-compatible endpoint, and what its refusals mean for the person at the keyboard. */
import OpenAI from 'openai'

export const openAiUrl = 'https://api.openai.com/v1'

export interface EndpointOptions {
  /** Empty: OpenAI's own. */
  readonly baseUrl: string
  /** May be empty for endpoints that ask for none. */
  readonly apiKey: string
}

/** Why the model gave no answer, in words that say what to do. */
export class InferenceFailed extends Error {}

/** The dialogue is longer than the model can read: nothing was done, and a shorter one can be sent. */
export class DialogueTooLong extends InferenceFailed {}

/** As endpoints say it: OpenAI, vLLM, llama.cpp, Ollama, Gemini, Anthropic and those in front of them. */
const tooLong =
  /context[ _-]?(length|window|size|limit)|maximum (input|prompt|context)|(prompt|input|request|messages?) (is|are|was|were)? ?too (long|large)|too many (input |prompt )?tokens|exceed\w* the (maximum|max|limit|context|available)|tokens? (count )?.{0,40}exceed|reduce the length|must be reduced/i

export const openEndpoint = ({ baseUrl, apiKey }: EndpointOptions): OpenAI =>
  new OpenAI({ apiKey: apiKey || 'none', baseURL: baseUrl || openAiUrl, maxRetries: 2, timeout: 300_000, logLevel: 'off' })

/** The names of its models; undefined when it does not tell. */
export async function modelsOf(endpoint: OpenAI, signal?: AbortSignal): Promise<readonly string[] | undefined> {
  try {
    const { data } = await endpoint.models.list({ maxRetries: 0, timeout: 5_000, ...(signal === undefined ? {} : { signal }) })
    return data.map(({ id }) => id).sort()
  } catch {
    return undefined
  }
}

export async function explained<T>(endpoint: OpenAI, model: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof OpenAI.APIUserAbortError) throw error
    const isTooLong = saysTooLong(error as Error)
    if (error instanceof InferenceFailed && !isTooLong) throw error
    const words = error instanceof InferenceFailed ? error.message : await wordsFor(error as Error, endpoint, model)
    throw new (isTooLong ? DialogueTooLong : InferenceFailed)(words, { cause: error })
  }
}

/** Not of a key, a missing model or a connection, whatever their text says. */
function saysTooLong(error: Error): boolean {
  if (error instanceof OpenAI.APIConnectionError) return false
  if (error instanceof OpenAI.APIError && (error.status === 401 || error.status === 403 || error.status === 404)) return false
  if (error instanceof OpenAI.APIError && error.status === 429) return /too large|must be reduced/i.test(error.message)
  const code = error instanceof OpenAI.APIError ? `${error.code ?? ''} ${error.type ?? ''}` : ''
  return tooLong.test(`${code} ${error.message}`)
}

async function wordsFor(error: Error, endpoint: OpenAI, model: string): Promise<string> {
  const where = endpoint.baseURL
  if (error instanceof OpenAI.APIConnectionError) {
    const cause = Error.isError(error.cause) ? error.cause : error
    return `${where} does not answer (${(Error.isError(cause.cause) ? cause.cause : cause).message}). Is OPENAI_BASE_URL right?`
  }
  if (!(error instanceof OpenAI.APIError)) return `${where} broke the answer off (${error.message}). Ask again.`
  if (error.status === 401 || error.status === 403)
    return `${where} refuses the key: set OPENAI_API_KEY to one of its own. It says: ${said(error)}`
  if (error.status === 404)
    return `${where} has no model ${model}, or no such API. ${offered(await modelsOf(endpoint))}It says: ${said(error)}`
  if (error.status === 429) return `${where} says that this was too much for now, or that the account is used up: ${said(error)}`
  return `${where} answered ${error.status ?? 'with an error'}: ${said(error)}`
}

const said = (error: Error): string => error.message.replace(/^\d{3} /, '').slice(0, 500)

export const offered = (models: readonly string[] | undefined): string =>
  models === undefined || models.length === 0 ? '' : `It offers: ${models.slice(0, 12).join(', ')}${models.length > 12 ? ', …' : ''}. `
