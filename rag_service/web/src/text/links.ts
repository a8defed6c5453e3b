/** The address if a browser may open it: documents name it, and `javascript:` is an address too. */
export function webAddress(url: string | null): string | null {
  if (!url || !URL.canParse(url)) return null
  return /^https?:$/.test(new URL(url).protocol) ? url : null
}
