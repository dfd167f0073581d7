import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { renderPng } from '../../lib/index.js'
import { textWidth } from '../../lib/display/textWidth.js'

const { resolve } = createRequire(import.meta.url)

test('labels are drawn with the shipped font, whatever family is asked for', async () => {
  const text = (font: string, words: string): object => ({
    data: { values: [{}] }, mark: { type: 'text', text: words, fontSize: 30, font }, width: 200, height: 60, config: { view: { stroke: null } }
  })
  const inter = await renderPng(text('Inter', 'slab'))
  expect(Buffer.compare(inter.bytes, (await renderPng(text('Comic Sans MS', 'slab'))).bytes)).toBe(0)
  expect(Buffer.compare(inter.bytes, (await renderPng(text('Inter', 'slub'))).bytes)).not.toBe(0)
  expect(inter.bytes.length).toBeGreaterThan((await renderPng(text('Inter', ' '))).bytes.length)
})

describe('textWidth', () => {
  test.each([
    ['400Regular/Inter_400Regular.ttf', false],
    ['600SemiBold/Inter_600SemiBold.ttf', true]
  ])("is %s's own", (file, bold) => {
    const advance = advances(readFileSync(resolve(`@expo-google-fonts/inter/${file}`)))
    for (let code = 0x20; code < 0x7f; code++) expect(textWidth(String.fromCharCode(code), 1000, bold), String.fromCharCode(code)).toBeCloseTo(advance(code), 0)
    for (const character of '−…·→×–') expect(textWidth(character, 1000, bold), character).toBeCloseTo(advance(character.codePointAt(0)!), 0)
  })

  test('guesses what the font does not have', () => {
    expect(textWidth('漢', 10, false)).toBe(10)
    expect(textWidth('', 10, false)).toBe(0)
  })
})

/** Advance width by character of a TrueType font, in thousandths (tables head, hhea, hmtx, cmap format 4: OpenType 1.9). */
function advances(font: Buffer): (code: number) => number {
  const tables = new Map(Array.from({ length: font.readUInt16BE(4) }, (_, i) => {
    const at = 12 + i * 16
    return [font.toString('latin1', at, at + 4), font.readUInt32BE(at + 8)] as const
  }))
  const unitsPerEm = font.readUInt16BE(tables.get('head')! + 18)
  const metrics = font.readUInt16BE(tables.get('hhea')! + 34)
  const cmap = tables.get('cmap')!
  const subtables = Array.from({ length: font.readUInt16BE(cmap + 2) }, (_, i) => cmap + font.readUInt32BE(cmap + 8 + i * 8))
  const format4 = subtables.find((at) => font.readUInt16BE(at) === 4)!
  const twice = font.readUInt16BE(format4 + 6)
  return (code) => {
    for (let segment = 0; segment < twice; segment += 2) {
      if (font.readUInt16BE(format4 + 14 + segment) < code) continue
      const start = font.readUInt16BE(format4 + 16 + twice + segment)
      const delta = font.readUInt16BE(format4 + 16 + 2 * twice + segment)
      const rangeAt = format4 + 16 + 3 * twice + segment
      const range = font.readUInt16BE(rangeAt)
      const glyph = range === 0 ? code + delta : font.readUInt16BE(rangeAt + range + 2 * (code - start)) + delta
      return font.readUInt16BE(tables.get('hmtx')! + 4 * Math.min(glyph & 0xffff, metrics - 1)) * 1000 / unitsPerEm
    }
    return NaN
  }
}
