/** Says why a request failed, which `fetch` hides in the cause. The URL is a secret and never part of it. */
export function reasonOf(error: unknown, stallSeconds: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'AbortError') return `nothing came for ${stallSeconds} s`;
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
