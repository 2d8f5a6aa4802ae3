/** Texts that other texts follow. */

/** The text as a sentence: with a full stop, unless it ends one already. */
export function sentence(text: string): string {
  const trimmed = text.trimEnd();
  return trimmed === '' || /[.!?…]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}
