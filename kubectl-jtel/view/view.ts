/** What every view gets besides its object. */
import type { Paint } from './paint.ts';

export interface ViewContext {
  readonly paint: Paint;
  /** Width of the terminal in columns; absent in a pipe. */
  readonly width?: number | undefined;
  readonly now: Date;
}
