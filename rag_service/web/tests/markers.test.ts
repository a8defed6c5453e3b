import { describe, expect, it } from 'vitest'

import { dropMarkers, splitMarkers } from '../src/text/markers'

const known = new Set([1, 2, 12])

describe('splitMarkers', () => {
  it('splits at the markers and keeps everything else', () => {
    expect(splitMarkers('血压 ≥140/90 mmHg[1][12]。\n下一行', known)).toEqual([
      { kind: 'text', text: '血压 ≥140/90 mmHg' },
      { kind: 'marker', marker: 1 },
      { kind: 'marker', marker: 12 },
      { kind: 'text', text: '。\n下一行' },
    ])
  })

  it('leaves brackets that stand for no source as text', () => {
    const text = 'See [7], [a], [1 and arr[00001]'
    expect(splitMarkers(text, known)).toEqual([{ kind: 'text', text }])
  })

  it('splits a sentence that is one marker, and none that is empty', () => {
    expect(splitMarkers('[2]', known)).toEqual([{ kind: 'marker', marker: 2 }])
    expect(splitMarkers('', known)).toEqual([])
  })

  it('keeps markup as the text it is', () => {
    expect(splitMarkers('<b>[1]', known)[0]).toEqual({ kind: 'text', text: '<b>' })
  })
})

describe('dropMarkers', () => {
  it('leaves the words alone', () => {
    expect(dropMarkers('Take it with food[1], not [9] alone[2].', known)).toBe('Take it with food, not [9] alone.')
  })
})
