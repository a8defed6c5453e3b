import { describe, expect, it } from 'vitest'
import { createSSRApp, h } from 'vue'
import { renderToString } from 'vue/server-renderer'

import CitedPassage from '../src/components/CitedPassage.vue'
import SentenceText from '../src/components/SentenceText.vue'
import { aCitation, aSentence, aSource } from './factories'

const attack = '<img src=x onerror=alert(1)>'

describe('text from outside', () => {
  it('is text in a sentence, and its markers are named buttons', async () => {
    const sentence = aSentence({ text: `${attack} high[1].` })
    const sources = [aSource({ title: 'Blood "pressure"' })]
    const html = await renderToString(createSSRApp({ render: () => h(SentenceText, { sentence, sources }) }))
    expect(html).not.toContain('<img')
    expect(html).toContain('aria-label="1: show the source Blood &quot;pressure&quot;"')
  })

  it('is text in a passage, around and inside the quote', async () => {
    const source = aSource({ text: `a ${attack} b`, start: 0 })
    const citations = [aCitation({ quote: attack, start: 2, end: 2 + attack.length })]
    const html = await renderToString(createSSRApp({ render: () => h(CitedPassage, { source, citations }) }))
    expect(html).not.toContain('<img')
    expect(html).toMatch(/<mark[^>]*>&lt;img src=x onerror=alert\(1\)&gt;<\/mark>/)
  })
})
