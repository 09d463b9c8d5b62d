/** Which model the chat talks to. */
import type { Inference } from '../agent/agent.ts'
import { chatCompletions } from '../agent/chat-completions.ts'
import { modelsOf, offered, openAiUrl, openEndpoint } from '../agent/endpoint.ts'
import { responses } from '../agent/responses.ts'
import { UsageError } from '../cli.ts'
import type { Settings } from '../config.ts'

const apis = { chat: chatCompletions, responses }

const noEndpoint = `chat needs a model; nothing says where one is. Either of these will do:

  export OPENAI_API_KEY=sk-… OPENAI_MODEL=…                            # OpenAI
  export OPENAI_BASE_URL=http://127.0.0.1:11434/v1 OPENAI_MODEL=…      # anything compatible: Ollama, vLLM, a gateway of your own

Without a model, actions are called with: retrofit call <action> name=value`

export async function modelOf(settings: Settings, flags: Readonly<Record<string, unknown>>): Promise<Inference> {
  const api = Object.entries(apis).find(([name]) => name === flags.api)?.[1]
  if (api === undefined) throw new UsageError(`--api: write chat or responses, not ${flags.api}`)
  const { OPENAI_BASE_URL: baseUrl, OPENAI_API_KEY: apiKey } = settings
  if (apiKey === '' && (baseUrl === '' || baseUrl.startsWith('https://api.openai.com'))) throw new UsageError(noEndpoint)
  if (baseUrl !== '' && !URL.canParse(baseUrl)) throw new UsageError(`OPENAI_BASE_URL is no address: ${baseUrl}`)
  const endpoint = openEndpoint({ baseUrl, apiKey })
  const named = typeof flags.model === 'string' ? flags.model : settings.OPENAI_MODEL
  return api(endpoint, named || (await onlyModel(endpoint)))
}

/** Local endpoints often have just one. */
async function onlyModel(endpoint: ReturnType<typeof openEndpoint>): Promise<string> {
  const models = await modelsOf(endpoint)
  const [only, ...more] = models ?? []
  if (only !== undefined && more.length === 0) return only
  const where = endpoint.baseURL === openAiUrl ? 'OpenAI' : endpoint.baseURL
  throw new UsageError(
    `chat needs the name of a model: set OPENAI_MODEL, or --model. ${offered(models) || `${where} does not say which it has.`}`.trim()
  )
}
