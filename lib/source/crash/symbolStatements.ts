import type { SymbolStatement } from './crashTranscript.js'
import type { ReaderContext } from './readerContext.js'

/** `ADDRESS (t) name[+offset] [module] file: line`. Per-CPU symbols have short addresses. */
const symbolRow = /^\s*([0-9a-f]{1,16}) \(([A-Za-z?])\) (\S+?)(?:\+(0x[0-9a-f]+|\d+))?(?: +\[([^\]\s]+)\])?(?: +(\S.*?): ?(\d+))?$/
const moduleBorder = /^\s*([0-9a-f]{8,16}) MODULE (?:\w+ )*(START|END): (\S+)/
/** `0xADDRESS <name+offset>`: pointers in structs, `p`, and the lines of `dis`. */
const pointer = /0x([0-9a-f]{8,16}) <([A-Za-z_.$][\w.$]*)(?:\+(0x[0-9a-f]+|\d+))?>/g
/** `bt -s`: ` #1 [STACK] name+offset at ADDRESS [module]`. */
const frame = /^\s*#\d+ \[[0-9a-f]+\] ([A-Za-z_.$][\w.$]*)\+(0x[0-9a-f]+|\d+) at ([0-9a-f]{8,16})(?: \[(\S+)\])?/
/** The kernel's log before 4.11: `[<ADDRESS>] name+0xoffset/0xbytes [module]`. */
const logged = /\[<([0-9a-f]{8,16})>\] (?:\? )?([A-Za-z_.$][\w.$]*)\+(0x[0-9a-f]+)\/0x[0-9a-f]+(?: \[(\S+)\])?/

/** A row of `sym`. True where the line was one. */
export function symbolStatement(text: string, context: ReaderContext): boolean {
  const row = symbolRow.exec(text)
  if (row !== null) {
    const [, address, type, name, offset, module, file, line] = row
    add(context, address, name, offset, {
      type, module: module ?? context.symbolModule, file: file ?? null, line: line === undefined ? null : Number(line)
    })
    return true
  }
  const border = moduleBorder.exec(text)
  if (border === null) return false
  context.symbolModule = border[2] === 'START' ? border[3] : null
  return true
}

/** Symbols that other output names beside their addresses. True where the line was a back trace's and nothing else. */
export function mentionedSymbols(text: string, context: ReaderContext): boolean {
  if (text.includes(' <')) {
    for (const [, address, name, offset] of text.matchAll(pointer)) add(context, address, name, offset)
  }
  if (text.includes('[<')) {
    const hit = logged.exec(text)
    if (hit !== null) add(context, hit[1], hit[2], hit[3], { module: hit[4] ?? null })
  }
  if (!text.includes(' at ')) return false
  const call = frame.exec(text)
  if (call === null) return false
  add(context, call[3], call[1], call[2], { module: call[4] ?? null })
  return true
}

function add(
  context: ReaderContext, address: string, name: string, offset: string | undefined, more: Partial<SymbolStatement> = {}
): void {
  const distance = offset === undefined ? 0 : Number(offset)
  const start = BigInt.asUintN(64, BigInt(`0x${address}`) - BigInt(distance))
  context.builder.symbols.push({
    place: context.place(), address: start, name, type: null, module: null, file: null, line: null, ...more, offset: distance
  })
}
