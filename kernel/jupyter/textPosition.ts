/** Jupyter counts a cursor in code points, JavaScript in UTF-16 units: they differ behind an emoji. */
export function toUnits(text: string, codePoints: number): number {
  let units = 0
  for (let point = 0; point < codePoints && units < text.length; point++) units += text.codePointAt(units)! > 0xffff ? 2 : 1
  return units
}

export function toCodePoints(text: string, units: number): number {
  let codePoints = 0
  for (let unit = 0; unit < units && unit < text.length; codePoints++) unit += text.codePointAt(unit)! > 0xffff ? 2 : 1
  return codePoints
}
