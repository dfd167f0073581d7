import { plainInteger } from '../../lib/type/declarator.js'

/**
 * C with what is a matter of taste taken out: comments, attributes, alignment, blanks, the order of the words of an integer.
 * Two declarations that come out the same declare the same.
 */
export function plainC(text: string): string {
  return text
    .replace(/\/\*.*?\*\//gs, '')
    .replace(/\s*__attribute__\(\([^()]*(?:\([^()]*\))?[^()]*\)\)/g, '')
    .replace(/\b(?:long |short )(?:long )?(?:unsigned )?int\b/g, plainInteger)
    // bpftool numbers structs of one name.
    .replace(/___\d+\b/g, '')
    .replace(/\[0\]/g, '[]')
    .replace(/\s+/g, ' ')
    .replace(/ ?([^\w ]) ?/g, '$1')
    // Padding that only tells where the compiler left room.
    .replace(/\b(?:long|int|short|char):\d+;/g, '')
    .replace(/(enum(?: \w+)?\{)([^{}]*)\}/g, (_, head: string, list: string) => `${head}${withoutCounting(list)}}`)
    .replaceAll('<no data fields>', '')
    .trim()
}

/** Enumerators without the values that follow from counting. */
function withoutCounting(list: string): string {
  let next = 0n
  return list.split(',').filter(Boolean).map((item) => {
    const [name, text] = item.split('=')
    const value = text === undefined ? next : BigInt(text.replace(/U?L*$/, ''))
    const shown = value === next ? name : `${name}=${value}`
    next = value + 1n
    return shown
  }).join(',')
}

/** Declarations of structs and unions in a C file, by `struct name`, plain. Where a name is declared twice, all of them. */
export function declarationsIn(text: string): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const [, head, body] of text.matchAll(/^((?:struct|union) \w+) \{\n(.*?)^\}[^\n]*;/gms)) {
    const name = head.replace(/___\d+$/, '')
    found.set(name, [...found.get(name) ?? [], plainC(body)])
  }
  return found
}
