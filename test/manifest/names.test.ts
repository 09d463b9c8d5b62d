/** Names in expressions, and the places that take some: what the check finds, and that it is silent about what is right. */
import { afterAll, expect, test } from '@jest/globals'
import { loadAdapters } from '../../adapters/index.ts'
import { loadManifest } from '../../src/manifest/load.ts'

const adapters = await loadAdapters({}, ['playwright', 'soap', 'echo'])
afterAll(() => Promise.all(Object.values(adapters).map(adapter => adapter.close())))

async function reported(source: string): Promise<readonly string[]> {
  const { issues } = await loadManifest(source, { file: 'bot.yaml', adapters, env: () => undefined, trusted: true })
  return issues.map(({ severity, line, column, message }) => `${line}:${column} ${severity === 'warning' ? 'warning: ' : ''}${message}`)
}

const web = ({ steps = '- goto: /x', input = closed, rest = '' }: { steps?: string; input?: string; rest?: string }) => `bot: portal
version: 1.0.0
title: Portal
adapter: playwright
target: { url: http://127.0.0.1:1 }
actions:
  look:
    title: Look
    description: Looks.
    effect: read
    scopes: [portal:read]
    input: ${input}
    output: { type: object }
    steps:
      ${steps.replaceAll('\n', '\n      ')}
    ${rest.replaceAll('\n', '\n    ')}
`
const closed = `{ type: object, additionalProperties: false, required: [id, lines], properties: ${'{'}
      id: { type: string }, memo: { type: string }, kind: { type: string, default: A }, from: { $ref: "#/$defs/party" },
      lines: { type: array, items: { type: object, additionalProperties: false, properties: { text: { type: string }, run: { type: string } } } } },
      $defs: { party: { type: object, required: [name], additionalProperties: false, properties: { name: { type: string } } } } }`
const table = '- extract: { rows: { table: "#t", columns: { ref: { header: Ref }, amount: { header: Amount, as: money } } } }'
const opened = '- goto: /x\n'

test('the mistakes of a hurried author are found, each at its place', async () => {
  const source = `bot: bad
version: 1.0.0
title: Bad
adapter: playwright
target: { url: http://127.0.0.1:1 }
actions:
  a:
    title: A
    description: A thing that does it.
    effect: write
    scopes: [x]
    input: { type: object, additionalProperties: false, required: [id], properties: { id: { type: string } } }
    output: { type: object, required: [no], properties: { no: { type: string } } }
    idempotency: { key: [id] }
    steps:
      - goto: /x
      - fill: { label: Ref, value: "{{ inputs.id }}" }
      - fill: { label: Ref, value: "{{ input.idd }}" }
      - fill: { label: Ref, value: "{{ $foo(input.id) }}" }
      - press: { key: "{{ input.id }}" }
      - click: { css: "div" }
      - click: { xpath: "//div" }
        commit: { request: POST /x }
      - extract: { wrong: { css: h1, as: date } }
      - expect: { that: "{{ x = 1 }}" }
    result: { n: "{{ wrong }}" }
    probe: { steps: [ goto: /y ], found: "{{ $count(rows[ref = run.reference]) > 0 }}" }
`
  const found = await reported(source)
  const places = [
    ['17:36', 'reads inputs, and there is no such name here; did you mean input?'],
    ['18:36', 'reads input.idd, and input has no idd; did you mean id?'],
    ['19:36', 'uses $foo, which is no function of JSONata'],
    ['20:23', 'takes no {{ … }}: the text would be used as it stands here; expressions work in goto, '],
    ['21:23', 'warning: actions.a.steps[5].click.css: "div" fits every such element'],
    ['22:25', 'warning: actions.a.steps[6].click.xpath: "//div" fits every such element'],
    ['25:25', 'reads x, and there is no such name here; it sees input, session, credentials, env, run, steps and wrong'],
    ['26:5', 'does not give "no", which the output requires'],
    ['26:15', 'warning: actions.a.result.n: the output\'s schema does not declare "n"; did you mean no?'],
    ['27:42', 'reads rows, and there is no such name here'],
    ['27:42', 'reads run within brackets, where a name means a member of rows: write $$.run']
  ] as const
  expect(found.map(line => line.split(' ')[0])).toEqual(places.map(([place]) => place))
  for (const [index, [, says]] of places.entries()) expect(found[index]).toContain(says)
})

const wrong: readonly (readonly [string, Parameters<typeof web>[0], RegExp])[] = [
  ['an unknown root', { steps: `${opened}- fill: { label: A, value: "{{ inpt.id }}" }` }, /did you mean input\?/],
  ['a member of a text', { steps: '- goto: /x/{{ input.id.part }}' }, /input\.id has no part; it has no members/],
  ['a member behind $ref', { steps: '- goto: /x/{{ input.from.nam }}' }, /input\.from has no nam; did you mean name\?/],
  ['a member of items', { steps: '- goto: /x/{{ input.lines[0].txt }}' }, /input\.lines has no txt; did you mean text\?/],
  ['a name in a function', { steps: '- goto: /x/{{ $uppercase(input.idd) }}' }, /did you mean id\?/],
  ['a name in an object', { rest: 'result: { id: "{{ input.idd }}" }' }, /did you mean id\?/],
  ['a member of run', { steps: '- goto: /x/{{ run.ref }}' }, /run has no ref/],
  ['a misspelt function', { steps: '- goto: /x/{{ $upper(input.id) }}' }, /uses \$upper, which is no function/],
  ['a misspelt function of JSONata', { steps: '- goto: /x/{{ $uppercas(input.id) }}' }, /did you mean \$uppercase\?/],
  ['a root as a variable', { steps: '- goto: /x/{{ $input.id }}' }, /reads \$input, which nothing binds: write input/],
  ['a name that comes later', { steps: `- goto: /x/{{ $count(rows) }}\n${table}` }, /reads rows, which only a later step extracts/],
  ['an unknown column', { steps: `${opened}${table}`, rest: 'result: { a: "{{ rows[0].amont }}" }' }, /did you mean amount\?/],
  ['an unknown column in brackets', { steps: `${opened}${table}`, rest: 'result: { a: "{{ [rows[reff = 1]] }}" }' }, /did you mean ref\?/],
  ['a root in brackets', { steps: `${opened}${table}`, rest: 'result: { a: "{{ [rows[ref = run.reference]] }}" }' }, /write \$\$\.run/],
  ['a root in a map', { steps: `${opened}${table}`, rest: 'result: { a: "{{ [rows.{\\"r\\": input.id}] }}" }' }, /write \$\$\.input/],
  ['a root in an order', { steps: `${opened}${table}`, rest: 'result: { a: "{{ [rows^(session.x)] }}" }' }, /write \$\$\.session/],
  ['a root in brackets of who knows what', { rest: 'result: { a: "{{ [session.rows[ref = run.id]] }}" }' }, /a member of session\.rows/],
  [
    'another name in brackets',
    { steps: `${opened}- extract: { wanted: { css: h1 } }\n${table}`, rest: 'result: { a: "{{ [rows[ref = wanted]] }}" }' },
    /write \$\$\.wanted/
  ],
  [
    'a row in a function',
    { steps: `${opened}${table}`, rest: 'result: { a: "{{ [$filter(rows, function($r) { $r.reff = 1 })] }}" }' },
    /did you mean ref\?/
  ],
  [
    'a column in until',
    { steps: `${opened}- extract: { rows: { table: "#t", columns: { ref: { header: Ref } }, until: "{{ row.reff = 1 }}" } }` },
    /did you mean ref\?/
  ],
  [
    'an item outside of its loop',
    {
      steps: `${opened}- forEach: { in: "{{ input.lines }}", as: line, steps: [{ hover: { text: "{{ line.text }}" } }] }\n- hover: { text: "{{ line.text }}" }`
    },
    /steps\[2\]\.hover\.text: \{\{ line\.text \}\} reads line/
  ],
  ['an expression in a key', { steps: `${opened}- press: { label: A, key: "{{ input.id }}" }` }, /press\.key: takes no/],
  ['in a message', { steps: `${opened}- expect: { that: "{{ true }}", message: "not {{ input.id }}" }` }, /expect\.message: takes no/],
  ['in a pattern', { steps: `${opened}- extract: { a: { css: h1, pattern: "^{{ input.id }}$" } }` }, /pattern: takes no/],
  ['in a hint', { rest: 'errors: { gone: { status: 404, title: Gone, hint: "No {{ input.id }}" } }' }, /hint: takes no/],
  ['in the name of a step', { steps: '- goto: /x\n  name: "{{ input.id }}"' }, /name: takes no/],
  [
    'an optional input',
    { steps: `${opened}- fill: { label: A, value: "{{ input.memo }}" }` },
    /warning: .*input\.memo may not be there.*write \{\{ optional input\.memo \}\}/
  ],
  ['an optional input in a function', { steps: '- goto: /x?m={{ $trim(input.memo) }}' }, /warning: .*input\.memo may not be there/],
  [
    'an optional extract',
    { steps: `${opened}- extract: { a: { css: h1, optional: true } }`, rest: 'result: { a: "{{ a }}" }' },
    /warning: .*a may not be there/
  ],
  [
    'a default of another type',
    { input: '{ type: object, additionalProperties: false, properties: { n: { type: integer, default: "1" } } }' },
    /n\.default: does not fit its schema: must be integer/
  ],
  [
    'a default in a branch',
    {
      input:
        '{ type: object, additionalProperties: false, anyOf: [{ properties: { n: { default: 1 } } }], properties: { n: { type: integer } } }'
    },
    /default: is not applied here/
  ],
  [
    'a default without an end',
    {
      input:
        '{ type: object, additionalProperties: false, properties: { n: { $ref: "#/$defs/n" } }, $defs: { n: { type: object, default: {}, properties: { a: { $ref: "#/$defs/n" }, b: { $ref: "#/$defs/n" } } } } }'
    },
    /leads back to itself/
  ]
]

test.each(wrong)('%s', async (_, parts, says) => {
  const found = await reported(web(parts))
  expect(found).toHaveLength(1)
  expect(found[0]).toMatch(says)
})

const right = [
  'input.id',
  'input.lines[run = "x"].text',
  '$count(input.lines[$.run = $$.run.reference]) > 0',
  'rows[ref = $$.run.reference]',
  '[rows[amount > 1 and ref != $$.input.id].{"a": amount, "b": $$.input.id}]',
  '$map(rows, function($r, $i) { $r.ref & run.reference & $i })',
  '$filter(rows, function($r) { $r.ref = input.id })',
  '$sort(rows, function($l, $r) { $l.amount > $r.amount }).ref',
  '$reduce(rows.amount, function($a, $b) { $a + $b }, 0)',
  '($rate := 2; $total := rows.amount ~> $sum; $total * $rate)',
  '($f := function($n) { $n <= 1 ? 1 : $n * $f($n - 1) }; $f(3))',
  'rows@$r[$r.ref = run.reference].rows[ref = $r.ref]',
  'rows#$i[$i = 0].ref',
  '$exists(input.memo) ? input.memo : "none"',
  'input.memo ? input.memo : "none"',
  'input.memo ?? "none"',
  'optional input.memo',
  'optional (input.memo & "")',
  '"x" & input.memo',
  '$each(input.from, function($v, $k) { $k & $v })',
  '$keys(input)',
  'input.*',
  '**.name',
  '$lookup(input, "idd")',
  '$$.input.id',
  '$.input.id',
  'steps.rows[0].ref',
  'session.anything.at.all',
  'session[0].x',
  '{"run": run.id, "all": rows{ref: $sum(amount)} }',
  '$string(rows) ~> $uppercase',
  '$$ ~> |input|{"id": "x"}|',
  '$now() & $string($millis()) & $string($random())',
  'input.kind',
  '$eval("inputs.x")',
  'input.`id`',
  'input."id"',
  '"{" & "}" & $string(1)'
]

test('a slip of the pen in an input that is open is a warning', async () => {
  const open = '{ type: object, additionalProperties: true, properties: { account: { type: string } } }'
  const found = await reported(web({ steps: '- goto: /x/{{ input.acount }}', input: open }))
  expect(found).toEqual([
    expect.stringMatching(/warning: .*reads input\.acount, which the schema allows and does not declare; did you mean account\?/)
  ])
  expect(await reported(web({ steps: '- goto: /x/{{ input.other }}', input: open }))).toEqual([])
})

test('what is right is not talked about', async () => {
  for (const expression of right) {
    const source = web({ steps: `${opened}${table}`, rest: `result: { a: ${JSON.stringify(`{{ ${expression} }}`)} }` })
    expect([expression, await reported(source)]).toEqual([expression, []])
  }
})

test('what nobody can know is not talked about either', async () => {
  const steps = [
    '- goto: /x',
    '- if: { that: "{{ input.memo }}", steps: [{ fill: { label: Memo, value: "{{ input.memo }}" } }] }',
    '- if: { text: More, steps: [{ extract: { more: { css: b } } }], else: [{ extract: { less: { css: b } } }] }',
    '- download: { text: Get, as: the.file }',
    '- frame: { name: main, steps: [{ extract: { inner: { css: i } } }] }',
    '- forEach: { in: "{{ input.lines }}", as: line, steps: [{ extract: { each: { css: "[data-x={{ line.text }}]" } } }, { hover: { text: "{{ each }} {{ index }}" } }] }',
    '- hover: { text: ["{{ the_file.file }}", "{{ inner }}"] }',
    '- extract: { list: { list: "ul li[data-a={{ input.id }}]" }, rest: { table: "#{{ input.id }}", columns: { a: { index: 1 } } } }'
  ].join('\n')
  const rest = 'result: { a: "{{ optional more & less }}", b: "{{ each[0] }}", c: "{{ list }}", d: "{{ rest.a }}" }'
  const found = await reported(web({ steps, rest }))
  expect(found.filter(line => !line.includes('warning: '))).toEqual([])
  const open = '{ type: object, additionalProperties: true, properties: { id: { type: string } } }'
  expect((await reported(web({ steps: '- goto: /x/{{ input.other }}', input: open }))).filter(line => line.includes('other'))).toEqual([])
  const either =
    '{ type: object, oneOf: [{ required: [a] }, { required: [b] }], additionalProperties: false, properties: { a: { type: string }, b: { type: string } } }'
  expect(await reported(web({ steps: '- goto: /x/{{ input.a }}', input: either }))).toEqual([])
  const extended =
    '{ allOf: [{ $ref: "#/$defs/base" }], type: object, unevaluatedProperties: false, properties: { a: { type: string, default: x } }, $defs: { base: { type: object, required: [b], properties: { b: { type: string } } } } }'
  expect(await reported(web({ steps: '- goto: /x/{{ input.a }}/{{ input.b }}', input: extended }))).toEqual([])
  expect(await reported(web({ steps: '- goto: /x/{{ input.c }}', input: extended }))).toHaveLength(1)
})

const soap = (more: string) => `bot: bank
version: 1.0.0
title: Bank
adapter: soap
target: { url: http://127.0.0.1:1, namespaces: { cb: urn:x } }
actions:
  get:
    title: Get
    description: Gets.
    effect: read
    scopes: [bank:read]
    operation: cb:Get
    input: { type: object, additionalProperties: false, required: [id], properties: { id: { type: string } } }
    output: { type: object, required: [name], properties: { name: { type: string } } }
    response:
      schema: { type: object, required: [name], properties: { name: { type: string }, code: { type: string } } }
      ${more}
`

test.each([
  ['an element that the answer does not have', 'result: { name: "{{ response.nam }}" }', /response has no nam; did you mean name\?/],
  ['an output that lacks a member', 'result: { other: "{{ response.name }}" }', /does not give "name"/],
  ['an element that may be missing', 'result: { name: "{{ response.code }}" }', /warning: .*response\.code may not be there/],
  [
    'a response before it is there',
    'result: { name: x }\n    request: { body: { id: "{{ response.name }}" } }',
    /reads response, and there is no such name here/
  ],
  ['a root in brackets', 'result: { name: "{{ response[name = input.id].name }}" }', /write \$\$\.input/],
  ['an expression in soapAction', 'result: { name: "{{ response.name }}" }\n    soapAction: "urn:{{ input.id }}"', /soapAction: takes no/],
  ['an expression in endpoint', 'result: { name: "{{ response.name }}" }\n    endpoint: "{{ input.id }}"', /endpoint: takes no/],
  [
    'a condition of an error',
    'result: { name: "{{ response.name }}" }\n    errors: { gone: { status: 404, title: Gone, when: { response: "{{ response.cod = \'1\' }}" } } }',
    /did you mean code\?/
  ]
])('SOAP: %s', async (_, more, says) => {
  const found = (await reported(soap(more))).filter(line => !line.includes('does not declare'))
  expect(found).toHaveLength(1)
  expect(found[0]).toMatch(says)
})
