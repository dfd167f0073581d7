/** How a terminal takes images. */
export type ImageProtocol = 'kitty' | 'iterm'

const kittyChunk = 4096

/**
 * What this terminal takes, by what it says of itself in the environment; null where it takes none or a multiplexer stands between.
 * Kitty's graphics protocol: kitty, Ghostty, WezTerm, Konsole. Inline images of iTerm2: iTerm, WezTerm, mintty.
 */
export function imageProtocol(environment: NodeJS.ProcessEnv): ImageProtocol | null {
  const { TERM = '', TERM_PROGRAM = '', TMUX, STY, KITTY_WINDOW_ID, KONSOLE_VERSION } = environment
  if (TMUX !== undefined || STY !== undefined || TERM.startsWith('screen') || TERM.startsWith('tmux')) return null
  if (KITTY_WINDOW_ID !== undefined || TERM === 'xterm-kitty' || TERM === 'xterm-ghostty' || TERM_PROGRAM === 'ghostty' || KONSOLE_VERSION !== undefined) return 'kitty'
  if (['iTerm.app', 'WezTerm', 'mintty'].includes(TERM_PROGRAM)) return 'iterm'
  return null
}

/** A PNG as escape sequences; the cursor stands below it afterwards. */
export function imageSequence(protocol: ImageProtocol, base64: string): string {
  const data = base64.replace(/\s/g, '')
  // OSC 1337 ; File = … : inline, as iTerm2 documents it.
  if (protocol === 'iterm') return `\u001b]1337;File=inline=1;preserveAspectRatio=1:${data}\u0007`
  // APC G: a=T transmits and shows, f=100 is PNG, q=2 asks for no answer, m=1 says that more follows.
  const chunks = data.match(new RegExp(`.{1,${kittyChunk}}`, 'g')) ?? ['']
  return chunks.map((chunk, i) => {
    const more = i < chunks.length - 1 ? 1 : 0
    return `\u001b_G${i === 0 ? `a=T,f=100,q=2,m=${more}` : `m=${more}`};${chunk}\u001b\\`
  }).join('')
}
