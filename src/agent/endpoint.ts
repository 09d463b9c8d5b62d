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
    if (error instanceof OpenAI.APIUserAbortError || error instanceof InferenceFailed) throw error
    throw new InferenceFailed(await wordsFor(error as Error, endpoint, model), { cause: error })
  }
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
