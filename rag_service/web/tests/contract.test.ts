import { describe, expect, it } from 'vitest'

import { readEvent } from '../src/api/contract'
import { StreamError } from '../src/api/errors'
import { aSentence, aSource, completed, failed, refused, sentence, sources, started } from './factories'

const read = (event: string, fields: unknown) => readEvent({ id: '1', event, data: JSON.stringify(fields) })

describe('readEvent', () => {
  it.each([started, sources, sentence, completed, refused, failed])('reads $type', (event) => {
    expect(read(event.type, event)).toEqual(event)
  })

  it('leaves out a type it does not know', () => {
    expect(read('answer.rated', { type: 'answer.rated' })).toBeNull()
    expect(read('constructor', { type: 'constructor' })).toBeNull()
  })

  it.each([
    ['another type than its event', 'notice', { ...aSentence(), type: 'sentence' }],
    ['an unknown verdict', 'sentence', { ...aSentence(), type: 'sentence', verdict: 'true' }],
    ['a citation without offsets', 'sentence', { ...aSentence(), type: 'sentence', citations: [{ marker: 1 }] }],
    ['a source without text', 'sources', { type: 'sources', sources: [{ ...aSource(), text: null }] }],
    ['a refusal without words', 'answer.refused', { type: 'answer.refused', refusal: null }],
    ['a list', 'notice', []],
  ])('rejects %s', (_name, type, fields) => {
    expect(() => read(type, fields)).toThrow(StreamError)
  })

  it('rejects what is not JSON', () => {
    expect(() => readEvent({ id: '1', event: 'notice', data: '{"type":' })).toThrow(StreamError)
  })
})
