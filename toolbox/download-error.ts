/** Why a request of a job got nothing, in words. `fetch` hides that in the cause; the URL, which is a secret, is in neither. */
export function reasonOf(error: unknown, stallSeconds: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'AbortError') return `nothing came for ${stallSeconds} s`;
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
