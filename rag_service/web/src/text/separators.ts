const startsList = /^\s*(?:[-*•]\s|\d{1,2}[.)、]\s?\D)/
// CJK symbols and punctuation, kana and ideographs, full-width forms: no space follows these.
const endsWide = /[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef\u{20000}-\u{3ffff}]$/u

/** What stands between two sentences of an answer: nothing, a space, or a new line before a list. */
export function separatorBetween(earlier: string, later: string): string {
  if (/\s$/.test(earlier) || /^\s/.test(later)) return ''
  if (startsList.test(later)) return '\n'
  const words = earlier.replace(/(?:\[\d+\])+$/, '')
  return endsWide.test(words) ? '' : ' '
}
