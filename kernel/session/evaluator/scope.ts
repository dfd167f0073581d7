import * as globals from './globals.js'
import { library } from './library.js'
import { withProgress } from './progress.js'

/** What cells start with. */
export const given: Readonly<Record<string, unknown>> = { ...withProgress(library), ...globals }

/** What they start with and what they have declared since. Converted code reads and writes its properties. */
export const scope: Record<string, unknown> = { ...given }
