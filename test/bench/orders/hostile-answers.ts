/** Answers that mean harm, as large as an answer may be: made once, in the server's process. */
const mega = 1_048_576
const whole = (inside: string): string =>
  '<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>' +
  `<ListOrdersResponse xmlns="urn:bench.example:orders">${inside}</ListOrdersResponse></s:Body></s:Envelope>`
const fault = (text: string): string =>
  '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>' +
  `<s:Fault><faultcode>s:Server</faultcode><faultstring>${text}</faultstring></s:Fault></s:Body></s:Envelope>`
const many = (count: number, one: (n: number) => string): string => Array.from({ length: count }, (_, n) => one(n)).join('')
const prefixes = (from: number): string => many(100, n => ` xmlns:p${from + n}="u"`)
const nested = (depth: number, open: (n: number) => string, inside: string): string =>
  `${many(depth, n => `<a${open(n)}>`)}${inside}${'</a>'.repeat(depth)}`

export const hostileAnswers: Readonly<Record<string, () => string>> = {
  'external entity': () => `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>${whole('&x;')}`,
  'entity bomb': () => `<!DOCTYPE a [${many(20, n => `<!ENTITY e${n + 1} "${`&e${n};`.repeat(10)}">`)}]>${whole('&e20;')}`,
  'a million levels': () => whole('<a>'.repeat(mega)),
  'a million elements': () => whole('<a/>'.repeat(mega)),
  '90,000 elements with 20 attributes': () => whole(many(90_000, () => `<a${many(20, n => ` a${n}=""`)}/>`.slice(0, 118))),
  'an attribute of 10 MB': () => whole(`<a b="${'x'.repeat(9 * mega)}"/>`),
  'a text of 9 MB': () => whole(`<order>${'x'.repeat(9 * mega)}</order>`),
  'a text of 9 MB of references': () => whole(`<order>${'&#65;'.repeat(1.8 * mega)}</order>`),
  'line ends and then an error': () => whole(`${'\n'.repeat(9 * mega)}<`),
  '9,000 prefixes, and one more on each of 150,000 elements': () =>
    whole(
      nested(
        90,
        n => prefixes(n * 100),
        many(150_000, () => '<b xmlns:q="v"/>')
      )
    ),
  'a number of a million digits': () => whole(`<order><quantity>1${'0'.repeat(mega - 10)}1</quantity></order>`),
  'a total of a million digits': () => whole(`<order><total currency="EUR">1${'0'.repeat(mega - 10)}1</total></order>`),
  'a fault of a million blanks': () => fault(`x${' '.repeat(mega - 10)}x`),
  '190,000 orders': () => whole('<order/>'.repeat(190_000)),
  '20,000 whole orders': () =>
    whole(
      many(
        20_000,
        n =>
          `<order><number>O-${n}</number><customer>C</customer><ordered>2025-03-01</ordered><status>OPEN</status><quantity>${n}</quantity>` +
          '<total currency="EUR">1.5</total><paid>true</paid></order>'
      )
    )
}
