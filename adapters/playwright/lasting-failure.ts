/** Failures of Playwright that another attempt meets again: the manifest, or what it was given, does not fit the page. */

const lasting: readonly RegExp[] = [
  /strict mode violation/,
  /did not find some options/,
  /^(?:\w+\.\w+: )?(?:Error: )?(?:Element|Node) is not an? (?:<|HTML)/m,
  /Not a checkbox or radio button/,
  /Input of type "[^"]*" cannot be filled/,
  /Cannot type text into input\[type=number\]/,
  /Malformed value/,
  /Unknown key: /,
  /Unknown engine "/,
  /Non-multiple file input can only accept single file/,
  /is not a valid (?:selector|XPath expression)/,
  /: expected (?:string|number|boolean|object|array), got /
]

/** Playwright's message with its log: the log says what a time limit was spent on. */
export const isLasting = ({ message }: Error): boolean => lasting.some(pattern => pattern.test(message))
