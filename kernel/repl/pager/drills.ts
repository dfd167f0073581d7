import type { Drill, PagerNames, TablePage } from './page.js'

/** The cells of a row by column: text and addresses as they are, null for what is unknown or neither. */
export type RowValues = Readonly<Record<string, string | null>>

/** What the chosen row holds, as far as it is loaded; nothing while another filter or order is on its way, for it is another row then. */
export function valuesOf({ window, row, filter, sort, descending, shown }: TablePage): RowValues | undefined {
  if (filter !== shown.filter || sort !== shown.sort || descending !== shown.descending) return undefined
  const values = window.values[row - window.start]
  if (values === undefined) return undefined
  return Object.fromEntries(window.columns.map(({ name }, i) => [name, typeof values[i] === 'string' ? values[i] : null]))
}

/**
 * Where one can go from a row: from a cache to groups of alike objects, from a group to its objects, from an object to its words, from these
 * to who refers to it, and from a reference to the object that holds it. Told by the columns that the table has. The first takes Enter.
 */
export function drillsOf(page: TablePage, names: PagerNames): Drill[] {
  const row = valuesOf(page)
  if (row === undefined) return []
  const has = (...columns: string[]): boolean => columns.every((column) => column in row)
  const { dump } = names
  if (dump !== null) {
    if (has('target', 'from')) return ofReference(dump, row)
    if (has('offset', 'value', 'symbol')) return ofWord(dump, row, page)
    if (has('example', 'words')) return ofGroup(dump, row)
    if (has('object', 'neighbours')) return ofObject(dump, row.object ?? row.address, row.type, page)
    if (has('address', 'state')) return ofObject(dump, row.address, page.type, page)
    if (has('cache', 'type', 'rivals')) return ofCache(dump, row.cache, row.type)
    if (has('cache') && row.cache !== null && !has('time')) return ofCache(dump, row.cache, null)
    if (has('address')) return ofObject(dump, row.address, null, page)
  }
  if (names.snapshots !== null && has('cache') && row.cache !== null) {
    return [drill('enter', 'its growth', `growth of ${row.cache}`, `plotGrowth(${names.snapshots}, { cache: ${text(row.cache)} })`)]
  }
  return []
}

function ofCache(dump: string, cache: string | null, type: string | null): Drill[] {
  if (cache === null) return []
  return [
    drill('enter', 'what its objects hold', cache, `signatures(${dump}, undefined, { cache: ${text(cache)} })`, type),
    drill('o', 'objects', `objects of ${cache}`, `await ${dump}.objects(${text(cache)})`, type)
  ]
}

function ofGroup(dump: string, row: RowValues): Drill[] {
  if (row.example === null) return []
  const inCache = row.cache === null ? '' : `, { cache: ${text(row.cache)} }`
  return [
    drill('enter', 'its objects', row.type ?? 'a group', `await objectsLike(${dump}, ${text(row.example)}${inCache})`, row.type),
    words(dump, 'h', 'the example', row.example, row.type),
    referrers(dump, row.example, row.type)
  ]
}

function ofObject(dump: string, address: string | null, type: string | null, page: TablePage): Drill[] {
  if (address === null) return []
  const known = type ?? page.type
  const what = drill('w', 'what it is', `what ${short(address)} is`, `whatis(${dump}, ${text(address)})`, known)
  return [words(dump, 'enter', 'its words', address, known), referrers(dump, address, known), what]
}

function ofWord(dump: string, row: RowValues, page: TablePage): Drill[] {
  const target = row.value
  const follow = target === null || row.cache === null ? [] : [words(dump, 'enter', 'where it points', target, null)]
  const object = startOf(page)
  return [
    ...follow,
    ...(object === null ? [] : [referrers(dump, object, page.type)]),
    ...(row.address === null ? [] : [drill('w', 'what lies here', `what ${short(row.address)} is`, `whatis(${dump}, ${text(row.address)})`)]),
    ...(target === null ? [] : [drill('v', 'what it points at', `what ${short(target)} is`, `whatis(${dump}, ${text(target)})`)])
  ]
}

function ofReference(dump: string, row: RowValues): Drill[] {
  if (row.from === null) return []
  const from = text(row.from)
  const what = drill('w', 'what it is', `what ${short(row.from)} is`, `whatis(${dump}, ${from})`, row.type)
  // A word outside of slabs lies in no object.
  if (row.cache === null) return [words(dump, 'enter', 'words around it', row.from, null), what]
  const options = row.type === null ? '' : `, { type: ${text(row.type)} }`
  return [
    drill('enter', 'the object it lies in', row.type ?? row.cache, `hexdump(${dump}, whatis(${dump}, ${from}).get('object', 0)${options})`, row.type),
    drill('o', 'objects of that cache', `objects of ${row.cache}`, `await ${dump}.objects(${text(row.cache)})`, row.type),
    what
  ]
}

function words(dump: string, key: string, label: string, address: string, type: string | null): Drill {
  return drill(key, label, `${type ?? 'words'} at ${short(address)}`, `hexdump(${dump}, ${text(address)}${type === null ? '' : `, { type: ${text(type)} }`})`, type)
}

function referrers(dump: string, address: string, type: string | null): Drill {
  return drill('r', 'who refers to it', `referrers of ${short(address)}`, `await references(${dump}, ${text(address)})`, type)
}

function drill(key: string, label: string, title: string, code: string, type: string | null = null): Drill {
  return { key, label, title, code, type }
}

/** The first row of a dump of words tells what object it is of, while it is loaded. */
function startOf({ window }: TablePage): string | null {
  const column = window.columns.findIndex(({ name }) => name === 'address')
  const value = window.start === 0 ? window.values[0]?.[column] : null
  return typeof value === 'string' ? value : null
}

function text(value: string): string {
  return `'${JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
}

/** An address without the digits that all addresses of a kernel share. */
function short(address: string): string {
  return address.replace(/^0x0*/, '0x').replace(/^0x(f{4})(?=.{12}$)/, '…')
}
