/** One key press, or one paste, as the editor and the pager take it. */
export interface Key {
  /**
   * `text` for printable characters, `paste` for a bracketed paste; else the key's name behind its modifiers in the order ctrl, alt, shift:
   * `enter`, `alt+enter`, `ctrl+left`, `ctrl+a`.
   */
  readonly id: string
  /** What it types; empty for keys that type nothing. */
  readonly text: string
}
