/** The answer is not XML that may be read. */
export class BadXml extends Error {}
