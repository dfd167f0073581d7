import { pathToFileURL } from 'node:url'
import { built } from '../installed.js'

export type Library = typeof import('../../../lib/index.js')

/** The library as its users import it, in one copy for cells and for showing their values. */
export const library = await import(pathToFileURL(built.library).href) as Library
