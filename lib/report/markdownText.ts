import { visible } from '../util/visible.js'

/** Text as Markdown that shows just this text, whatever stands in it. */
export function markdownText(text: string): string {
  return visible(text).replace(/[\\`*[\]<>|~$&]|(?<!\w)_|_(?!\w)|^[#+-]/g, (character) => `\\${character}`)
}

/** Text in the type of code. */
export function codeSpan(text: string): string {
  const shown = visible(text)
  const fence = shown.includes('`') ? '``' : '`'
  return fence === '`' ? `\`${shown}\`` : `${fence} ${shown} ${fence}`
}
