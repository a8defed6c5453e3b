import { expect, it } from 'vitest'

import { webAddress } from '../src/text/links'

it.each(['https://example.org/a?b#c', 'http://example.org'])('opens %s', (url) => {
  expect(webAddress(url)).toBe(url)
})

it.each([null, '', 'javascript:alert(1)', 'data:text/html,x', 'file:///etc', '/local', 'not an address'])(
  'does not open %s',
  (url) => {
    expect(webAddress(url)).toBeNull()
  },
)
