/** `acme-manual-20261123t120000z`: a name of its own for each request, that sorts by time. */
export function timedName(stack: string, purpose: string, now: Date): string {
  return `${stack}-${purpose}-${now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').toLowerCase()}z`;
}
