/**
 * Sums up Docker's pull events. Docker sends an event per layer many times a second. Only the newest figure
 * of each layer is kept. A layer of two images counts once. Pure.
 */
import type { Of } from '../../backup-format/schema.ts';
import type { PullProgress } from '../host.ts';
import type { pullEvent } from './answers.ts';

type PullEvent = Of<typeof pullEvent>;

/** Of all images of a release. More are not counted. */
const mostLayers = 10_000;

export class PullSum {
  readonly #layers = new Map<string, { current: number; total: number }>();
  readonly #imagesTotal: number;
  #imagesDone = 0;

  constructor(imagesTotal: number) {
    this.#imagesTotal = imagesTotal;
  }

  add(event: PullEvent): void {
    const { id, status, progressDetail } = event;
    if (id === undefined || (this.#layers.size >= mostLayers && !this.#layers.has(id))) return;
    if (status === 'Downloading' && progressDetail?.total !== undefined) {
      this.#layers.set(id, { current: progressDetail.current ?? 0, total: progressDetail.total });
    } else if (status === 'Download complete' || status === 'Pull complete') {
      const layer = this.#layers.get(id);
      if (layer !== undefined) layer.current = layer.total;
    }
  }

  imageDone(): void {
    this.#imagesDone += 1;
  }

  get progress(): PullProgress {
    let bytesDone = 0;
    let bytesTotal = 0;
    for (const layer of this.#layers.values()) {
      bytesDone += layer.current;
      bytesTotal += layer.total;
    }
    return { imagesDone: this.#imagesDone, imagesTotal: this.#imagesTotal, bytesDone, bytesTotal };
  }
}
