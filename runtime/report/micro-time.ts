/** `metav1.MicroTime` as JSON: RFC 3339 with exactly six fraction digits. */
export function formatMicroTime(time: Date): string {
  return time.toISOString().replace('Z', '000Z');
}
