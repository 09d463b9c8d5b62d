/** What is wrong, the text of the good manifest that is replaced, by what, and all that is reported (`line:column message`). */
export const mistakes: readonly (readonly [string, string, string, readonly string[]])[] = [
  ['a version of two numbers', 'version: 1.0.0', 'version: 1.0', ['3:10 version: 1 is not a version: write three numbers, as 1.0.0']],
  ['a version in words', 'version: 1.0.0', 'version: latest', ['3:10 version: "latest" is not a version: write three numbers, as 1.0.0']],
  ['a missing key', 'title: Echo\n', '', ['2:1 title: is missing: a short name for people']],
  ['a misspelt key', 'title: Echo', 'title: Echo\nowners: me', ['5:1 owners: unknown key; did you mean owner?']],
  [
    'a key that resembles none',
    'title: Echo',
    'title: Echo\nzzz: 1',
    ['5:1 zzz: unknown key; the keys here are bot, version, title, description, owner, adapter, env, target, schemas and actions']
  ],
  ['an empty value', 'title: Echo', 'title:', ['4:7 title: must be text, not empty']],
  ['a title of two lines', 'title: Echo', 'title: "two\\nlines"', ['4:8 title: "two\\nlines" must be one line']],
  [
    'a long title',
    'title: Echo',
    'title: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
    ['4:8 title: must have at most 200 characters']
  ],
  ['a list for text', 'title: Echo', 'title: [Echo]', ['4:8 title: must be text, not a list']],
  [
    'a name in capitals',
    'bot: echo',
    'bot: Echo',
    ['2:6 bot: "Echo" is not a name: write small letters, digits and _, starting with a letter, 64 at most']
  ],
  ['another name than the folder', 'bot: echo', 'bot: ekko', ['2:6 bot: must be echo, as the folder or the path is called, not "ekko"']],
  ['a misspelt adapter', 'adapter: echo', 'adapter: ecko', ['6:10 adapter: there is no adapter "ecko"; did you mean echo?']],
  [
    'an unlisted environment name',
    '[ECHO_URL, ECHO_LEDGER]',
    '[ECHO_LEDGER]',
    ['9:8 target.url: ECHO_URL is not listed in env; add ECHO_URL to env']
  ],
  [
    'a misspelt environment name',
    'env.ECHO_LEDGER',
    'env.ECHO_LEGDER',
    ['12:11 target.ledger: ECHO_LEGDER is not listed in env; did you mean ECHO_LEDGER?']
  ],
  [
    'an unset environment name',
    '[ECHO_URL, ECHO_LEDGER]',
    '[ECHO_URL, ECHO_LEDGER, ECHO_PORT]',
    ['7:30 env[2]: ECHO_PORT is not set: set it in the environment of the gateway and every worker, as ECHO_PORT=…, or remove it here']
  ],
  [
    'a secret in env',
    '[ECHO_URL, ECHO_LEDGER]',
    '[ECHO_URL, ECHO_LEDGER, DB_PASSWORD]',
    ['7:30 env[2]: "DB_PASSWORD" may hold a secret, which a manifest can not read: use target.credentials, or another name']
  ],
  [
    'a secret in an expression',
    '{{ run.reference }}',
    '{{ env.RETROFIT_ADMIN_KEY }}',
    ['49:29 actions.book.result.confirmation: RETROFIT_ADMIN_KEY may hold a secret, which a manifest can not read: use {{ credentials.… }}']
  ],
  [
    'a relative url',
    '"{{ env.ECHO_URL }}"',
    'portal.example/login',
    ['9:8 target.url: "portal.example/login" is not an absolute URL: write it as https://host:port/path']
  ],
  [
    'a url of another kind',
    '"{{ env.ECHO_URL }}"',
    'ftp://x.example',
    ['9:8 target.url: ftp:// can not be reached: write an http:// or https:// address']
  ],
  [
    'a login in the url',
    '"{{ env.ECHO_URL }}"',
    'https://me:pw@x.example',
    ['9:8 target.url: a login stands in the URL: put it in the secret store and name it in target.credentials']
  ],
  [
    'an expression in the url',
    '"{{ env.ECHO_URL }}"',
    '"https://{{ input.host }}/"',
    ['9:8 target.url: {{ input.host }} can not stand here: only {{ env.NAME }} can, because it is read when the manifest is loaded']
  ],
  [
    'the cloud metadata address, disguised',
    '"{{ env.ECHO_URL }}"',
    'http://2852039166/latest',
    ["9:8 target.url: 169.254.169.254 is an address of the machine's own cloud metadata: it can not be a target"]
  ],
  [
    'egress that is no origin',
    '  concurrency: 4',
    '  egress: [https://a.example/path]',
    ['11:12 target.egress[0]: "https://a.example/path" is not an origin: write https://a.example']
  ],
  ['a misspelt key of the target', 'concurrency: 4', 'concurency: 4', ['11:3 target.concurency: unknown key; did you mean concurrency?']],
  ["a key of the target that is the adapter's", 'ledger: ', 'legder: ', ['12:3 target.legder: unknown key; did you mean ledger?']],
  ['too few at once', 'concurrency: 4', 'concurrency: 0', ['11:16 target.concurrency: must be at least 1']],
  [
    'no actions',
    'actions:\n',
    'actions: {}\nx:\n',
    [
      '13:10 actions: must have at least one action',
      '14:1 x: unknown key; the keys here are bot, version, title, description, owner, adapter, env, target, schemas and actions'
    ]
  ],
  ['an action that is no mapping', '  say:\n', '  hush: 5\n  say:\n', ['14:9 actions.hush: must be a mapping, not 5']],
  [
    'an action name with a dash',
    '  say:',
    '  say-it:',
    ['14:3 actions.say-it: "say-it" is not a name: write small letters, digits and _, starting with a letter, 64 at most']
  ],
  [
    'a joined name that is too long',
    '  say:',
    '  ssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss:',
    [
      '14:3 actions.ssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss: the joined name echo_ssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss has 65 characters: 64 are the limit, shorten one of the two'
    ]
  ],
  ['an action that stands twice', '  book:', '  say:', ['29:3 actions.say: stands twice: keep one of the two']],
  [
    'a misspelt effect',
    'effect: read',
    'effect: reed',
    ['17:13 actions.say.effect: must be read, write or irreversible, not "reed"; did you mean read?']
  ],
  ['no scopes', 'scopes: [echo:read]', 'scopes: []', ['18:13 actions.say.scopes: must not be empty']],
  [
    'a scope with a blank',
    'scopes: [echo:read]',
    'scopes: [Echo read]',
    ['18:14 actions.say.scopes[0]: "Echo read" is not a scope: write it as accounts:read']
  ],
  ['scopes as text', 'scopes: [echo:read]', 'scopes: echo:read', ['18:13 actions.say.scopes: must be a list, not "echo:read"']],
  [
    'an input that is no object',
    'input:\n      type: object',
    'input:\n      type: array',
    ['20:13 actions.say.input.type: the input must be an object: write type: object']
  ],
  [
    'an input without a type',
    '      type: object\n      required: [text]',
    '      required: [text]',
    ['19:5 actions.say.input.type: the input must be an object: write type: object']
  ],
  [
    'an open input',
    '      required: [text]\n      additionalProperties: false\n',
    '      required: [text]\n',
    ['19:5 warning: actions.say.input: accepts any other property, also one that a model made up: add additionalProperties: false']
  ],
  [
    'a misspelt type',
    'text: { type: string',
    'text: { type: strng',
    ['24:23 actions.say.input.properties.text.type: "strng" is not valid; did you mean string?']
  ],
  [
    'a misspelt keyword',
    'pattern: "',
    'patern: "',
    ['24:31 actions.say.input.properties.text.patern: unknown keyword of JSON Schema; did you mean pattern?']
  ],
  [
    'a pattern that RE2 can not do',
    '^[a-z ]*$',
    '^(?=a)',
    [
      '24:40 actions.say.input.properties.text.pattern: the pattern is not RE2, which runs in linear time: invalid or unsupported Perl syntax: `(?=`; write it without look-around and back-references'
    ]
  ],
  [
    'a broken pattern',
    '^[a-z ]*$',
    '[a-',
    [
      '24:40 actions.say.input.properties.text.pattern: the pattern is not RE2, which runs in linear time: missing closing ]: `[a-`; write it without look-around and back-references'
    ]
  ],
  [
    'a remote reference',
    'output: { type: object }',
    'output: { $ref: "https://x.example/s.json" }',
    [
      '25:21 actions.say.output.$ref: "https://x.example/s.json" leads out of this schema: copy what it means below $defs and write "#/$defs/…"'
    ]
  ],
  [
    'a reference to nothing',
    'output: { type: object }',
    'output: { $ref: "#/$defs/mony", $defs: { money: { type: number } } }',
    ['25:21 actions.say.output.$ref: "#/$defs/mony" leads nowhere; did you mean #/$defs/money?']
  ],
  [
    'an unknown format',
    'output: { type: object }',
    'output: { type: string, format: dat }',
    ['25:37 actions.say.output.format: unknown format "dat"; did you mean date?']
  ],
  [
    'two bad keywords in one schema',
    'output: { type: object }',
    'output: { minimum: x, properties: 3 }',
    ['25:24 actions.say.output.minimum: must be number', '25:39 actions.say.output.properties: must be a mapping']
  ],
  [
    'a required property that does not exist',
    'required: [text]',
    'required: [txt]',
    ['21:18 actions.say.input.required[0]: "txt" is required, but properties does not have it; did you mean text?']
  ],
  [
    'a sensitivity that does not exist',
    'x-sensitive: pii',
    'x-sensitive: yes',
    ['39:49 actions.book.input.properties.reference.x-sensitive: must be pii or secret, not "yes"']
  ],
  [
    'a mark that is neither true nor false',
    'output: { type: object }',
    'output: { properties: { a: { x-untrusted: maybe } } }',
    ['25:47 actions.say.output.properties.a.x-untrusted: must be true or false, not "maybe"']
  ],
  [
    'an id in a schema',
    'output: { type: object }',
    'output: { $id: "urn:x" }',
    ['25:15 actions.say.output.$id: $id is not read here: leave it out; refer to parts with $ref: "#/$defs/…"']
  ],
  [
    'an example that does not fit',
    'text: hello',
    'text: HELLO',
    ['26:22 actions.say.example.text: does not fit the input schema: text must match pattern "^[a-z ]*$": Any text']
  ],
  [
    'an example without what is required',
    '{ text: hello }',
    '{ txt: hello }',
    [
      '26:5 actions.say.example.text: does not fit the input schema: text is required',
      '26:21 actions.say.example.txt: does not fit the input schema: txt is not a known property: did you mean text?'
    ]
  ],
  [
    'a key that is no input',
    'key: [reference]',
    'key: [refrence]',
    ['43:26 actions.book.idempotency.key[0]: the input has no property "refrence"; did you mean reference?']
  ],
  [
    'a key that may be missing',
    'key: [reference]',
    'key: [amount]',
    [
      '43:26 actions.book.idempotency.key[0]: "amount" may be missing from the input: add it to input.required or give it a default, or two calls without it are one'
    ]
  ],
  [
    'a key on a read',
    '    effect: read\n',
    '    effect: read\n    idempotency: { key: [text] }\n',
    ['18:20 warning: actions.say.idempotency.key: a read with a key answers from its first run for ttl: leave it out to read afresh']
  ],
  [
    'a number as a duration',
    'ttl: 30d',
    'ttl: 30',
    ['43:43 actions.book.idempotency.ttl: 30 is not a duration: write a number with a unit, as 250ms, 5s, 2m, 12h or 30d']
  ],
  [
    'a duration in words',
    'ttl: 30d',
    'ttl: 30 days',
    ['43:43 actions.book.idempotency.ttl: "30 days" is not a duration: write a number with a unit, as 250ms, 5s, 2m, 12h or 30d']
  ],
  ['no attempts', 'attempts: 5', 'attempts: 0', ['44:24 actions.book.retry.attempts: must be at least 1']],
  ['attempts in words', 'attempts: 5', 'attempts: five', ['44:24 actions.book.retry.attempts: must be a number, not "five"']],
  [
    'a back-off over its limit',
    'backoff: 10ms',
    'backoff: 10s',
    ['44:41 actions.book.retry.maxBackoff: maxBackoff (1s) is shorter than backoff (10s): make it at least as long']
  ],
  ['a status of the server', 'status: 422', 'status: 500', ['28:27 actions.say.errors.too_loud.status: must be at most 499']],
  [
    'a status that clients retry',
    'status: 422',
    'status: 429',
    ['28:27 actions.say.errors.too_loud.status: 429 makes clients retry or log in again: write another status, as 404, 409 or 422']
  ],
  [
    "a code of Retrofit's own",
    'too_loud',
    'invalid_input',
    ["28:7 actions.say.errors.invalid_input: invalid_input is a code of Retrofit's own: choose another"]
  ],
  [
    'a code with a dash',
    'too_loud',
    'too-loud',
    ['28:7 actions.say.errors.too-loud: "too-loud" is not a name: write small letters, digits and _, starting with a letter, 64 at most']
  ],
  [
    'a write without a commit point',
    '    commit: true\n',
    '',
    ['29:3 actions.book.commit: an action that is not a read needs a commit point: add commit: true']
  ],
  [
    'a read with a commit point',
    'effect: read\n',
    'effect: read\n    commit: true\n',
    ['18:13 actions.say.commit: a read has no commit point: leave commit out, or change effect']
  ],
  [
    'a read with a probe',
    'effect: read\n',
    'effect: read\n    probe: {}\n',
    ['18:5 actions.say.probe: a read has no effect: leave probe out, or change effect']
  ],
  [
    'an irreversible action without a probe',
    '    effect: read\n',
    '    effect: irreversible\n    commit: true\n',
    [
      '14:3 warning: actions.say: is irreversible and has no probe: a run that is cut off ends in outcome_unknown until a person resolves it; add probe'
    ]
  ],
  [
    'a probe with an unknown key',
    'probe: {}',
    'probe: { found: 1 }',
    ['48:14 actions.book.probe.found: unknown key; the keys here are weak']
  ],
  [
    'weak that is not yes or no',
    'probe: {}',
    'probe: { weak: maybe }',
    ['48:20 actions.book.probe.weak: must be true or false, not "maybe"']
  ],
  [
    'a reason for a rerun that does not exist',
    '    settle: 250ms',
    '    rerun: { safe: sets_value }',
    ['46:20 actions.book.rerun.safe: must be target_rejects_duplicates or sets_a_value, not "sets_value"; did you mean sets_a_value?']
  ],
  [
    'a broken expression',
    '{{ run.reference }}',
    '{{ run.reference + }}',
    [
      '49:29 actions.book.result.confirmation: {{ run.reference + }} is not a JSONata expression: Unexpected end of expression (character 17)'
    ]
  ],
  [
    'a broken expression in the target',
    '{{ env.ECHO_LEDGER }}',
    '{{ env.ECHO_LEDGER',
    ['12:11 target.ledger: an expression begins with {{ and does not end: close it with }}']
  ],
  ['a hidden character in a title', 'title: Echo', 'title: "Ec\\u202Eho"', ['4:8 title: holds the hidden character U+202E: remove it']],
  [
    'a control character',
    'title: Too loud',
    'title: "Too\\u0007loud"',
    ['28:39 actions.say.errors.too_loud.title: holds the hidden character U+0007: remove it']
  ],
  [
    'a hidden character in a key',
    'title: Echo',
    '"ti\\u200Btle": Echo',
    ['2:1 title: is missing: a short name for people', '4:1 the key "ti​tle" holds the hidden character U+200B: remove it']
  ],
  ['half a character', 'title: Echo', 'title: "\\ud800"', ['4:8 title: holds half of a character (a lone surrogate): remove it']],
  ['__proto__', 'title: Echo', '__proto__: 1\ntitle: Echo', ['4:1 __proto__ can not be a key: choose another name']],
  ['a merge key', 'title: Echo', '<<: { a: 1 }\ntitle: Echo', ['4:1 merge keys (<<) are not read here: write the keys out']],
  [
    'a tag',
    'title: Echo',
    'title: !name Echo',
    ['4:8 tags such as !!binary or !name are not read here: remove it (Unresolved tag: !name)']
  ],
  [
    'an alias of nothing',
    'title: Echo',
    'title: *x',
    ['4:8 title: no anchor &x stands before *x: define it first, or put the text in quotes']
  ],
  [
    'a list as a key',
    'title: Echo',
    '? [a]\n: b\ntitle: Echo',
    ['4:3 a key must be plain text: do not use a list, a mapping or an alias as a key']
  ],
  [
    'a colon too many',
    'title: Echo',
    'title: Echo: two',
    [
      '4:8 not valid YAML: a second ": " stands in this line, or the line is indented too far: put the text in quotes, or correct the indentation (Nested mappings are not allowed in compact mappings)'
    ]
  ],
  [
    'a tab',
    'title: Echo',
    'title: Echo\nx:\n\ty: 1',
    ['6:1 not valid YAML: indent with spaces, not with tabs (Tabs are not allowed as indentation)']
  ],
  [
    'a quote that does not end',
    'output: { type: object }',
    'output: "{ type: object }',
    ['25:30 not valid YAML: a closing quote, a comma or a colon is missing here (Missing closing "quote)']
  ],
  [
    'a second document',
    'title: Echo',
    'title: Echo\n---',
    [
      '5:1 not valid YAML: a file holds one manifest: remove the line --- (Source contains multiple documents; please use YAML.parseAllDocuments())'
    ]
  ],
  ['YAML 1.1', '# yaml', '%YAML 1.1\n---\n# yaml', ['1:1 YAML 1.1 reads yes, no and on as booleans: remove the line %YAML 1.1']],
  [
    'a leading zero',
    '{ text: hello }',
    '{ text: 00123 }',
    ['26:22 actions.say.example.text: 00123 would be read as the number 123: write "00123" in quotes']
  ],
  [
    'a number too large',
    '{ text: hello }',
    '{ text: 12345678901234567890 }',
    ['26:22 actions.say.example.text: 12345678901234567890 is too large to be exact as a number: write "12345678901234567890" in quotes']
  ],
  [
    'a fraction that a number does not keep',
    '{ text: hello }',
    '{ text: 0.12345678901234567890 }',
    ['26:22 actions.say.example.text: 0.12345678901234567890 has more digits than a number keeps: write "0.12345678901234567890" in quotes']
  ],
  [
    'a number that is none',
    '{ text: hello }',
    '{ text: .inf }',
    ['26:22 actions.say.example.text: .inf is not a number that JSON knows: write a number or put it in quotes']
  ],
  [
    'a session variable that is no name',
    'text: { type: string, pattern: "^[a-z ]*$", description: Any text }',
    'text: { type: string, pattern: "^[a-z ]*$", x-session: 1st, description: Any text }',
    ['24:64 actions.say.input.properties.text.x-session: must be the name of a session variable, as customerId']
  ],
  [
    'a session variable that harms',
    'text: { type: string, pattern: "^[a-z ]*$", description: Any text }',
    'text: { type: string, pattern: "^[a-z ]*$", x-session: constructor, description: Any text }',
    ['24:64 actions.say.input.properties.text.x-session: must be the name of a session variable, as customerId']
  ],
  [
    'a session mark on items',
    'text: { type: string, pattern: "^[a-z ]*$", description: Any text }',
    'list: { type: array, items: { type: string, x-session: one } }',
    [
      '21:18 actions.say.input.required[0]: "text" is required, but properties does not have it; write list',
      '24:53 actions.say.input.properties.list.items.x-session: nothing is filled here: x-session belongs to a property of the input, or of an object in it (properties: …), and beside a $ref, not inside what it leads to'
    ]
  ],
  [
    'a session mark on the whole input',
    '    input:\n      type: object\n      required: [text]',
    '    input:\n      type: object\n      x-session: all\n      required: [text]',
    [
      '21:7 actions.say.input.x-session: nothing is filled here: x-session belongs to a property of the input, or of an object in it (properties: …), and beside a $ref, not inside what it leads to'
    ]
  ],
  [
    'a session mark in a definition',
    'text: { type: string, pattern: "^[a-z ]*$", description: Any text }',
    'text: { $ref: "#/$defs/T" }\n      $defs: { T: { type: string, x-session: text } }',
    [
      '25:35 actions.say.input.$defs.T.x-session: nothing is filled here: x-session belongs to a property of the input, or of an object in it (properties: …), and beside a $ref, not inside what it leads to'
    ]
  ],
  [
    'two outputs remembered as one',
    '    output: { type: object }\n    example: { text: hello }',
    '    output: { type: object, properties: { a: { type: string, x-session: x }, b: { type: object, properties: { c: { type: string, x-session: x } } } } }\n    example: { text: hello }',
    [
      '25:141 actions.say.output.properties.b.properties.c.x-session: properties.a is remembered as x already: choose another name, or take one away'
    ]
  ],
  [
    'a sensitive variable for an open input',
    'reference: { type: string, x-sensitive: pii }\n        amount: { type: number }',
    'reference: { type: string, x-sensitive: pii, x-session: ref }\n        amount: { type: number, x-session: ref }',
    [
      '40:44 actions.book.input.properties.amount.x-session: ref is x-sensitive in book, so it does not fill an input that is not: add x-sensitive here'
    ]
  ],
  [
    'a session mark in a shared schema',
    'actions:\n  say:',
    'schemas: { Text: { type: string, x-session: text } }\nactions:\n  say:',
    ['13:34 schemas.Text.x-session: x-session does not work in shared schemas: write it on the property, beside its $ref']
  ],
  [
    'a wizard without a first page',
    'effect: read\n',
    'effect: read\n    screen: continue\n',
    ['18:13 actions.say.screen: no action of this bot opens a screen: write screen: pinned on the first one']
  ],
  [
    'a screen of another kind',
    'effect: read\n',
    'effect: read\n    screen: kept\n',
    ['18:13 actions.say.screen: must be pinned, continue or finish, not "kept"']
  ],
  [
    'a session mark that leaves out nothing',
    'description: Any text }',
    'x-session: false, description: Any text }',
    [
      '24:64 actions.say.input.properties.text.x-session: nothing is left out here: x-session: false stands inside an output that is remembered'
    ]
  ]
]
