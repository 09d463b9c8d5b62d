/** XML-binary Optimized Packaging 1.0. */
export const xop = 'http://www.w3.org/2004/08/xop/include'
