/* The key stays in this tab (sessionStorage) and is sent to this origin only. */
const form = document.getElementById('key-form')
const field = document.getElementById('key')
const forget = document.getElementById('forget')
const message = document.getElementById('message')
const actions = document.getElementById('actions')
const stored = 'retrofit.key'

const bearer = () => ({ Authorization: `Bearer ${sessionStorage.getItem(stored)}` })

function say(text, bad = false) {
  message.textContent = text
  message.className = bad ? 'bad' : ''
}

const isCall = request => request.method === 'POST' && new URL(request.url, location.href).pathname.startsWith('/v1/actions/')

/** crypto.randomUUID is missing where the page came over plain HTTP from another machine. */
const freshKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join('')

/** The request that the page shows stands in screenshots and in what people paste: the key joins it when it is sent. */
const shownKey = '$RETROFIT_KEY'
const sendWithKey = (url, options) => fetch(url, { ...options, headers: { ...options.headers, ...bearer() } })

/** Single quotes would keep the shell from putting the key in. */
const expandable = curl => curl.replaceAll(`'Authorization: Bearer ${shownKey}'`, `"Authorization: Bearer ${shownKey}"`)
const showExpandable = ({ fn }) => ({
  fn: { requestSnippetGenerator_curl: request => expandable(fn.requestSnippetGenerator_curl_bash(request)) }
})

/** Same origin only: the document names its server, the browser must not be sent elsewhere. */
function sendHere(request) {
  const url = new URL(request.url, location.href)
  if (url.origin !== location.origin) request.url = url.pathname + url.search
  request.headers = { ...request.headers, Authorization: `Bearer ${shownKey}` }
  request.userFetch = sendWithKey
  if (isCall(request) && !request.headers['Idempotency-Key']) request.headers['Idempotency-Key'] = freshKey()
  return request
}

/** For reading: a refusal is one line (its codes), and no header is filled in before somebody asks for it. */
function shorten(spec) {
  for (const item of Object.values(spec.paths)) {
    for (const operation of Object.values(item)) {
      for (const [status, response] of Object.entries(operation.responses ?? {})) {
        if (status < '400' || response.$ref) continue
        delete response.content
        delete response.headers
      }
    }
  }
  for (const response of Object.values(spec.components.responses ?? {})) delete response.content?.['application/problem+json']
  for (const parameter of Object.values(spec.components.parameters ?? {})) {
    if (parameter.in === 'header') delete parameter.example
    if (parameter.name === 'Idempotency-Key') parameter.description += ' Left empty, this page sends a new one with each call.'
  }
  return spec
}

function show(spec) {
  say('')
  window.SwaggerUIBundle({
    spec: { ...shorten(spec), servers: [{ url: location.origin }] },
    domNode: actions,
    tryItOutEnabled: true,
    displayRequestDuration: true,
    defaultModelsExpandDepth: -1,
    docExpansion: 'list',
    filter: true,
    validatorUrl: null,
    plugins: [() => ({ components: { authorizeBtn: () => null, authorizeOperationBtn: () => null } }), showExpandable],
    requestSnippetsEnabled: true,
    requestSnippets: { generators: { curl: { title: 'curl', syntax: 'bash' } }, languages: ['curl'], defaultExpanded: true },
    requestInterceptor: sendHere
  })
}

function refuse(problem) {
  if (problem.status === 401) sessionStorage.removeItem(stored)
  forget.hidden = sessionStorage.getItem(stored) === null
  field.placeholder = 'rf_…'
  actions.replaceChildren()
  say(`${problem.title}: ${problem.detail}.`, true)
  field.focus()
}

async function load() {
  forget.hidden = sessionStorage.getItem(stored) === null
  if (forget.hidden) {
    actions.replaceChildren()
    say(
      'Enter an API key to read and try the actions that it may use. The first key was printed when Retrofit started; more are made with: retrofit keys create'
    )
    field.focus()
    return
  }
  say('Loading …')
  try {
    const response = await fetch('/openapi.json', { headers: bearer() })
    const body = await response.json()
    if (response.ok) show(body)
    else refuse(body)
  } catch (error) {
    say(`The document could not be loaded: ${error.message}`, true)
  }
}

form.addEventListener('submit', event => {
  event.preventDefault()
  sessionStorage.setItem(stored, field.value.trim())
  field.value = ''
  field.placeholder = 'key in use'
  load()
})

forget.addEventListener('click', () => {
  sessionStorage.removeItem(stored)
  field.placeholder = 'rf_…'
  load()
})

for (const button of document.querySelectorAll('nav button')) {
  button.addEventListener('click', async () => {
    const response = await fetch(`/${button.dataset.file}`, { headers: bearer() })
    const url = URL.createObjectURL(await response.blob())
    const anchor = Object.assign(document.createElement('a'), { href: url, download: button.dataset.file })
    anchor.click()
    setTimeout(() => URL.revokeObjectURL(url), 1000)
  })
}

load()
