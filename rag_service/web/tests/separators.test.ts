import { expect, it } from 'vitest'

import { separatorBetween } from '../src/text/separators'

it.each([
  ['a space between sentences with spaces', 'It is high[1].', 'Rest first.', ' '],
  ['a space after a marker at the end', 'It is high.[1][2]', 'Rest first.', ' '],
  ['nothing between Chinese sentences', '血压偏高[1]。', '请先休息。', ''],
  ['nothing after a Chinese stop with a marker', '血压偏高。[1]', '请先休息。', ''],
  ['nothing where the service sent a break', 'It is high.\n\n', 'Rest first.', ''],
  ['nothing where the next begins with a break', 'It is high.', '\nRest first.', ''],
  ['a new line before a bullet', '包括：', '- 腹泻', '\n'],
  ['a new line before a number', 'Do this:', '2. Cool it.', '\n'],
  ['a space before a decimal', 'Take', '2.5 mg once.', ' '],
])('puts %s', (_name, earlier, later, separator) => {
  expect(separatorBetween(earlier, later)).toBe(separator)
})
