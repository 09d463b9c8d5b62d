/** The commands; each lives in a file of its own and is loaded when it is used. */
import { Command, CommanderError } from 'commander'
import packageJson from '../package.json' with { type: 'json' }
import { defaultLimits, defaultMostTools } from './agent/budget.ts'
import { SettingsError } from './config.ts'
import { plainText } from './core/plain-text.ts'

/** A mistake of the person at the keyboard: its message is all they need. */
export class UsageError extends Error {}

type Flags = Readonly<Record<string, unknown>>

/** Resolves to the exit code. */
export async function runCli(argv: readonly string[]): Promise<number> {
  let code = 0
  const done = (result: number) => {
    code = result
  }
  try {
    await program(done).parseAsync([...argv])
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode
    process.stderr.write(`retrofit: ${plainText(explain(error))}\n`)
    return 1
  }
}

const explain = (error: unknown): string => {
  if (error instanceof SettingsError || error instanceof UsageError) return error.message
  if (!Error.isError(error)) return String(error)
  const cause = Error.isError(error.cause) ? ` (${error.cause.message})` : ''
  return error.message + cause
}

function program(done: (code: number) => void): Command {
  const retrofit = new Command('retrofit')
    .description('Turns systems without an API into agent-ready actions.')
    .version(packageJson.version)
    .exitOverride()
    .showHelpAfterError('(retrofit --help tells the commands)')
  addServers(retrofit, done)
  addTools(retrofit, done)
  addRuns(retrofit, done)
  addChat(retrofit, done)
  addImports(retrofit, done)
  addKeys(retrofit, done)
  return retrofit
}

function addServers(retrofit: Command, done: (code: number) => void): void {
  const port = ['-p, --port <port>', 'port to listen on (PORT)'] as const
  const bots = ['--bots <names>', 'only these bots, with commas (WORKER_BOTS)'] as const
  const serve = (role: 'up' | 'gateway' | 'worker') => async (flags: Flags) =>
    done(await (await import('./commands/serve.ts')).serve(role, flags))
  retrofit
    .command('up')
    .description('everything in one process; embedded unless RABBITMQ_URL and REDIS_URL are set')
    .option(...port)
    .option(...bots)
    .option('--sandbox', 'also start the stand-ins in bots/*/sandbox for which no address is set')
    .action(serve('up'))
  retrofit
    .command('gateway')
    .description('the HTTP doors only (distributed)')
    .option(...port)
    .action(serve('gateway'))
  retrofit
    .command('worker')
    .description('attempts only (distributed)')
    .option(...bots)
    .action(serve('worker'))
}

const client = (command: Command): Command =>
  command.option('--url <url>', 'address of the gateway').option('--key <key>', 'API key (RETROFIT_ADMIN_KEY, else the one in DATA_DIR)')

function addCheck(retrofit: Command, done: (code: number) => void): void {
  retrofit
    .command('check')
    .description('says what is wrong with manifests; exits 1 when something is')
    .argument('[paths...]', 'bot.yaml files or folders of bots (BOTS_DIR)')
    .option('--agents', 'also how well models can call the actions, for each provider')
    .option('--against <where>', 'also what changes for callers: against a running gateway (its address), a bot.yaml or a folder of bots')
    .option('--allow-breaking', 'breaking changes under the same major version are meant: they are told, and no reason to exit 1')
    .option('--key <key>', 'API key for the gateway (RETROFIT_ADMIN_KEY, else the one in DATA_DIR)')
    .option('--json', 'one JSON object')
    .action(async (paths: string[], flags: Flags) => done(await (await import('./commands/check.ts')).check(paths, flags)))
}

function addTools(retrofit: Command, done: (code: number) => void): void {
  addCheck(retrofit, done)
  client(retrofit.command('call'))
    .description('calls an action and prints its output')
    .argument('<action>', 'e.g. teller_get_balance')
    .argument('[inputs...]', 'name=value, or name:=json')
    .option('--idempotency-key <key>', 'the same for every try of one intention; made when absent')
    .option('--wait <seconds>', 'how long to wait for the end', '300')
    .option('--session <id>', 'the session to call in, of POST /v1/sessions')
    .option('--fields <names>', 'only these of the output, as account,transactions.amount')
    .option('--text', 'the output as text for a model')
    .option('--probe', 'then let the probe look at the run; exits 2 when it does not find what was done')
    .option('--dry-run', 'validate and show the plan only')
    .option('--json', 'one JSON object with run id, status and output')
    .action(async (action: string, inputs: string[], flags: Flags) =>
      done(await (await import('./commands/call.ts')).call(action, inputs, flags))
    )
  addTry(retrofit, done)
  addToolList(retrofit, done)
  client(retrofit.command('mcp'))
    .description('serves the actions of a running gateway to an MCP client that starts programs')
    .requiredOption('--stdio', 'speak MCP on standard input and output')
    .action(async (flags: Flags) => done(await (await import('./commands/mcp.ts')).mcp(flags)))
  client(retrofit.command('openapi'))
    .description('prints the OpenAPI document of a running gateway')
    .option('--yaml', 'as YAML')
    .option('--for <importer>', '3.0: one that does not know 3.1; gpt: GPT Actions')
    .action(async (flags: Flags) => done(await (await import('./commands/openapi.ts')).openapi(flags)))
}

function addToolList(retrofit: Command, done: (code: number) => void): void {
  client(retrofit.command('tools'))
    .description('prints the actions as tools of a provider, ready to paste into a request')
    .requiredOption('--format <format>', 'openai, openai-responses, anthropic, gemini or mcp')
    .option('--strict', 'in strict mode, where the provider has one and the action fits it')
    .option('--bot <bot>', 'only the actions of this bot')
    .option('--query <words>', 'only the actions that fit this, best first')
    .option('--limit <n>', 'with --query, how many at most (10)')
    .option('--defer-loading', "marked so that the provider's own search finds them: openai, openai-responses and anthropic")
    .action(async (flags: Flags) => done(await (await import('./commands/tools.ts')).tools(flags)))
}

function addTry(retrofit: Command, done: (code: number) => void): void {
  retrofit
    .command('try')
    .description('makes one attempt of an action of BOTS_DIR, without a gateway, and keeps a picture and the HTML of each step')
    .argument('<action>', 'e.g. teller_get_balance')
    .argument('[inputs...]', 'name=value, or name:=json')
    .option('--commit', 'let the step through that has the effect; without it a write stops before')
    .option('--headed', 'show the browser')
    .option('--step', 'wait for Enter before each step')
    .option('--keep-open', 'leave the browser open at the end, until Enter or Ctrl-C')
    .option('--timeout <duration>', 'most for one step', '5s')
    .option('--out <folder>', 'where pictures and HTML go (DATA_DIR/try/<action>-<time>)')
    .option('--sandbox', 'also start the stand-ins in bots/*/sandbox for which no address is set')
    .option('--json', 'one JSON object with steps, output or problem, and folder')
    .action(async (action: string, inputs: string[], flags: Flags) =>
      done(await (await import('./commands/try.ts')).tryAction(action, inputs, flags))
    )
}

function addRuns(retrofit: Command, done: (code: number) => void): void {
  client(retrofit.command('runs').description('runs of a running gateway').command('probe'))
    .description("lets the probe of today's manifest look at a run; exits 2 when it does not find its effect")
    .argument('<runId>', 'of a run whose outcome is unknown or whose effect is committed')
    .option('--json', 'the run as one JSON object')
    .action(async (runId: string, flags: Flags) => done(await (await import('./commands/probe.ts')).probeRun(runId, flags)))
  const callbacks = retrofit.command('callbacks').description('messages about the ends of runs, of a running gateway')
  client(callbacks.command('list'))
    .description('newest run first')
    .option('--state <state>', 'pending, delivered or failed')
    .option('--limit <n>', 'how many at most', '100')
    .option('--json', 'a JSON array')
    .action(async (flags: Flags) => done(await (await import('./commands/callbacks.ts')).listCallbacks(flags)))
  client(callbacks.command('resend'))
    .description('sends them again, for a day')
    .argument('[ids...]', 'as the list shows them')
    .option('--failed', 'all that were given up')
    .action(async (ids: string[], flags: Flags) => done(await (await import('./commands/callbacks.ts')).resendCallbacks(ids, flags)))
}

function addChat(retrofit: Command, done: (code: number) => void): void {
  client(retrofit.command('chat'))
    .description('talks with a model that calls the actions (OPENAI_BASE_URL, OPENAI_API_KEY, OPENAI_MODEL)')
    .option('--bot <bot>', 'only the actions of this bot')
    .option('--once <question>', 'answer this and end; a question on standard input does the same')
    .option('--ask-before <effect>', 'ask you before calls that are irreversible, that write as well, or before nothing', 'irreversible')
    .option('--model <name>', 'the model (OPENAI_MODEL)')
    .option('--api <api>', 'of the endpoint: chat or responses', 'chat')
    .option('--strict', 'definitions in strict mode')
    .option('--instructions <text>', 'what else the model should know')
    .option('--max-turns <n>', 'most times that the model is asked for one question', String(defaultLimits.turns))
    .option('--max-tokens <n>', 'most tokens of one conversation', String(defaultLimits.tokens))
    .option('--max-effects <n>', 'most calls of one conversation that change something', String(defaultLimits.effects))
    .option('--max-tools <n>', 'most actions that the model gets at once; of more it gets a tool that finds them', String(defaultMostTools))
    .option('--json', 'with one question: one JSON object with answer, tokens and milliseconds of each hop')
    .action(async (flags: Flags) => done(await (await import('./commands/chat.ts')).chat(flags)))
}

function addImports(retrofit: Command, done: (code: number) => void): void {
  const wsdl = (parent: Command) => parent.command('wsdl').argument('<file>', 'a WSDL 1.1 file, or its address with --allow-fetch')
  const limits = (command: Command) =>
    command
      .option('--service <name>', 'only this service')
      .option('--port <name>', 'only this port')
      .option('--operations <names>', 'only these operations, with commas')
      .option('--allow-fetch', 'fetch the file and what it imports, from the same origin only')
      .option('--allow-host <hosts>', 'fetch imports from these hosts too, with commas')
      .option('--map-host <pairs>', 'ask another host in place of one that can not be reached: from=to, with commas')
      .option('--credentials <name>', 'fetch the file with these of SECRETS_DIR: username and password, or token')
      .option('--root <folder>', 'read imports from this folder above the file too')
      .option('--partial', 'leave out what needs a missing file')
  const imports = retrofit.command('import').description('makes a bot, or a part of one, of what you have')
  imports
    .command('schema')
    .description('a JSON Schema of draft 3 to 2020-12, or of OpenAPI, as a manifest takes it; with a note for each thing that is lost')
    .argument('<file>', 'JSON or YAML')
    .option('--pointer <pointer>', 'where in the file the schema stands, as /components/schemas/Order')
    .option('--out <file>', 'where the schema goes; else it is printed')
    .option('--json', 'one JSON object with schema, notes and mistakes')
    .action(async (file: string, flags: Flags) =>
      done(await (await import('./commands/import-schema.ts')).importSchemaCommand(file, flags))
    )
  limits(wsdl(imports))
    .description('a SOAP service: every operation becomes an action')
    .option('--bot <name>', 'name of the bot; made of the service when absent')
    .option('--out <folder>', "the bot's folder (BOTS_DIR/<bot>)")
    .option('--url <address>', 'the address of the service, in place of the one in the file')
    .option('--flatten', 'an input that only wraps one object is that object')
    .option('--only-required', 'leave optional parts of inputs out')
    .option('--json', 'one JSON object')
    .action(async (file: string, flags: Flags) => done(await (await import('./commands/import.ts')).importWsdlCommand(file, flags)))
  limits(wsdl(retrofit.command('sandbox').description('stands in for a system that can not be reached')))
    .description('answers every operation of a WSDL with sample data made from its schema')
    .option('--listen <port>', 'port to listen on', '0')
    .action(async (file: string, flags: Flags) => done(await (await import('./commands/sandbox.ts')).sandboxWsdl(file, flags)))
}

function addKeys(retrofit: Command, done: (code: number) => void): void {
  const keys = retrofit.command('keys').description('API keys')
  keys
    .command('create')
    .description('makes a key and prints it once')
    .requiredOption('--name <name>', 'what the key is for')
    .requiredOption('--scopes <scopes>', 'with commas, wildcards allowed: accounts:*,payments:write')
    .option('--tenant <tenant>', 'whose runs it sees', 'default')
    .option('--expires <days>', 'days until it ends')
    .option(
      '--callback <addresses>',
      'https addresses, with commas, that its calls may have called back; what is below one of them is meant too'
    )
    .option('--json', 'one JSON object')
    .action(async (flags: Flags) => done(await (await import('./commands/keys.ts')).createKey(flags)))
  keys
    .command('list')
    .description('the keys, without their secrets')
    .option('--json', 'a JSON array')
    .action(async (flags: Flags) => done(await (await import('./commands/keys.ts')).listKeys(flags)))
  keys
    .command('callbacks')
    .description('shows which addresses the calls of a key may have called back, and the secret that signs')
    .argument('<id>')
    .option('--callback <addresses>', 'these from now on, with commas; empty: none')
    .option('--rotate', 'a new secret; the one before signs beside it for a day')
    .option('--json', 'one JSON object')
    .action(async (id: string, flags: Flags) => done(await (await import('./commands/keys.ts')).keyCallbacks(id, flags)))
  keys
    .command('revoke')
    .description('ends a key; it stops working within a second')
    .argument('<id>')
    .action(async (id: string) => done(await (await import('./commands/keys.ts')).revokeKey(id)))
  keys
    .command('sign')
    .description('shows the keys and bots that an older version left unsigned, which do not count; signs them with --yes')
    .option('--yes', 'sign them: they are all yours')
    .action(async (flags: Flags) => done(await (await import('./commands/keys.ts')).signRecords(flags)))
}
