/**
 * Accept and Accept-Encoding (RFC 9110, 12.5): how much a client wants a media type or a coding, 0 to 1. The most specific range decides;
 * what makes no sense counts 1.
 */
export function qualityOf(accept: string, type: string): number {
  const ranges = accept.split(',').map(parseRange)
  const wanted = [type, `${type.split('/')[0]}/*`, '*/*', '*']
  return wanted.map(one => ranges.find(({ name }) => name === one)).find(found => found !== undefined)?.quality ?? 0
}

function parseRange(text: string): { readonly name: string; readonly quality: number } {
  const [name = '', ...parameters] = text.split(';').map(part => part.trim().toLowerCase())
  const written = parameters.map(parameter => /^q=([01](?:\.\d{0,3})?)$/.exec(parameter)?.[1]).find(value => value !== undefined)
  return { name, quality: Math.min(1, Number(written ?? 1)) }
}
