import { describe, expect, it } from 'vitest'

import { chooseLanguage } from '../src/composables/useLocale'
import { en } from '../src/locales/en'
import { zh } from '../src/locales/zh'

describe('chooseLanguage', () => {
  it.each([
    [['zh-CN', 'en'], 'zh'],
    [['zh-Hant-TW'], 'zh'],
    [['fr-FR', 'zh', 'en'], 'zh'],
    [['en-GB', 'zh'], 'en'],
    [['fr-FR'], 'en'],
    [[], 'en'],
  ] as const)('chooses for %j', (preferred, language) => {
    expect(chooseLanguage(preferred)).toBe(language)
  })
})

describe('the two languages', () => {
  it('have the same texts, none empty', () => {
    expect(paths(zh)).toEqual(paths(en))
    expect(zh.samples).toHaveLength(en.samples.length)
  })
})

/** Names of all texts; an empty one is marked, so that it is missed. */
function paths(texts: object, prefix = ''): string[] {
  return Object.entries(texts).flatMap(([name, text]: [string, unknown]) => {
    const path = prefix + name
    if (typeof text === 'object' && text !== null) return paths(text, `${path}.`)
    return text === '' ? [`${path} is empty`] : [path]
  })
}
