import { help } from './help.js'
import { load } from './load.js'
import type { Magic } from './magic.js'
import { reset } from './reset.js'
import { time } from './time.js'
import { who } from './who.js'

/** What every session has; front ends add their own. */
export const magics: readonly Magic[] = [help, load, reset, time, who]
