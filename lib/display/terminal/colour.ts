/** Red, green and blue of `#rrggbb` or `#rgb`; undefined for other ways to name a colour. */
export function rgbOf(colour: string | undefined): [number, number, number] | undefined {
  const digits = /^#([0-9a-f]{6}|[0-9a-f]{3})$/i.exec(colour ?? '')?.[1]
  if (digits === undefined) return undefined
  const full = digits.length === 6 ? digits : digits.replace(/./g, '$&$&')
  return [0, 2, 4].map((i) => Number.parseInt(full.slice(i, i + 2), 16)) as [number, number, number]
}

/** Perceived lightness from 0, black, to 1, white (Rec. 709 weights). */
export function lightness(colour: string | undefined): number {
  const rgb = rgbOf(colour)
  return rgb === undefined ? 0 : (0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]) / 255
}

/** Whether a colour is grey enough to leave text in the terminal's own colour, which is readable on its background. */
export function isNeutral(colour: string | undefined): boolean {
  const rgb = rgbOf(colour)
  return rgb === undefined || Math.max(...rgb) - Math.min(...rgb) < 32
}

const levels = [0, 95, 135, 175, 215, 255]

/** Paints text in the nearest of the 216 colours that terminals share (ANSI 256, 16 … 231). */
export function paint256(text: string, colour: string | undefined): string {
  const rgb = rgbOf(colour)
  if (rgb === undefined) return text
  const [r, g, b] = rgb.map((part) => levels.reduce(
    (best, level, i) => Math.abs(level - part) < Math.abs(levels[best] - part) ? i : best, 0
  ))
  return `\u001b[38;5;${16 + 36 * r + 6 * g + b}m${text}\u001b[0m`
}
