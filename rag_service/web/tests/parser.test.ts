import { describe, expect, it } from 'vitest'

import { EventParser, type WireEvent } from '../src/api/parser'

const recorded = (lineEnd: string) =>
  new TextEncoder().encode(
    [
      ': ping',
      'id: 1',
      'event: notice',
      'data: {"type":"notice","kind":"caution","text":"孕期请先咨询医生 🤰🏽"}',
      '',
      ': ping',
      '',
      'id: 2',
      'event:sentence',
      'data: {"type":"sentence","text":"血压 ≥140/90 mmHg[1]。𠮷"}',
      '',
      'data: one',
      'data:  two',
      'retry: 5',
      '',
      'id: 9',
      'data: never finished',
      '',
    ].join(lineEnd),
  )

const expected: WireEvent[] = [
  { id: '1', event: 'notice', data: '{"type":"notice","kind":"caution","text":"孕期请先咨询医生 🤰🏽"}' },
  { id: '2', event: 'sentence', data: '{"type":"sentence","text":"血压 ≥140/90 mmHg[1]。𠮷"}' },
  { id: '2', event: 'message', data: 'one\n two' },
]

function parse(...chunks: Uint8Array[]): WireEvent[] {
  const parser = new EventParser()
  return chunks.flatMap((bytes) => parser.push(bytes))
}

describe.each([
  ['LF', '\n'],
  ['CRLF', '\r\n'],
  ['CR', '\r'],
])('a stream with %s line ends', (_name, lineEnd) => {
  const bytes = recorded(lineEnd)

  it('reads the same events whole and cut at any byte', () => {
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      expect(parse(bytes.subarray(0, cut), bytes.subarray(cut)), `cut at byte ${cut}`).toEqual(expected)
    }
  })

  it('reads the same events cut at any two bytes that are close', () => {
    for (let cut = 0; cut + 3 <= bytes.length; cut += 1) {
      for (const width of [1, 2, 3]) {
        const chunks = [bytes.subarray(0, cut), bytes.subarray(cut, cut + width), bytes.subarray(cut + width)]
        expect(parse(...chunks), `bytes ${cut} to ${cut + width}`).toEqual(expected)
      }
    }
  })

  it('reads the same events byte by byte, with empty chunks between', () => {
    const chunks = Array.from(bytes).flatMap((byte) => [Uint8Array.of(byte), new Uint8Array()])
    expect(parse(...chunks)).toEqual(expected)
  })
})

describe('EventParser', () => {
  it('gives an event as soon as its blank line is there', () => {
    const parser = new EventParser()
    const encoder = new TextEncoder()
    expect(parser.push(encoder.encode('data: a\r\n'))).toEqual([])
    expect(parser.push(encoder.encode('\r'))).toHaveLength(1)
    expect(parser.push(encoder.encode('\n'))).toEqual([])
  })

  it('skips a byte order mark', () => {
    const bytes = Uint8Array.of(0xef, 0xbb, 0xbf, ...new TextEncoder().encode('data: a\n\n'))
    expect(parse(bytes)).toEqual([{ id: '', event: 'message', data: 'a' }])
  })
})
