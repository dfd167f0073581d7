const everyStyle = /\u001b\[[\d;]*m/g

/** A text without its colours. */
export function stripStyles(text: string): string {
  return text.replace(everyStyle, '')
}

const styles = { bold: '1', dim: '2', inverse: '7', chosen: '1;4', warning: '33', error: '31' } as const
export type Style = keyof typeof styles
export type Paint = (style: Style, text: string) => string

/** Without colour only what has to be told apart is: the chosen row is still inverse, as on any terminal. */
export function paint(colour: boolean): Paint {
  return (style, text) => {
    if (text === '' || (!colour && style !== 'inverse' && style !== 'chosen')) return text
    return `\u001b[${styles[style]}m${text}\u001b[0m`
  }
}
