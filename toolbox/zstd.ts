/**
 * zstd for chunks, by the C library itself: contexts are kept, memory is the caller's. Node's zlib makes a
 * stream object, a context of a megabyte and new buffers for each call. On 64 KiB that is a third of the
 * time and nearly all garbage of a job (docs/decisions/0021-zstd-by-its-library.md).
 */
import koffi from 'koffi';

const library = koffi.load('libzstd.so.1');
const functions = {
  createCompressor: library.func('void *ZSTD_createCCtx()'),
  setParameter: library.func('size_t ZSTD_CCtx_setParameter(void *context, int parameter, int value)'),
  compress: library.func(
    'size_t ZSTD_compress2(void *context, void *target, size_t capacity, const void *source, size_t bytes)',
  ),
  createDecompressor: library.func('void *ZSTD_createDCtx()'),
  decompress: library.func(
    'size_t ZSTD_decompressDCtx(void *context, void *target, size_t capacity, const void *source, size_t bytes)',
  ),
  isError: library.func('uint ZSTD_isError(size_t code)'),
  errorName: library.func('const char *ZSTD_getErrorName(size_t code)'),
};
/** ZSTD_c_compressionLevel in zstd.h. */
const compressionLevel = 100;

/**
 * From `source` into `target`, which must not overlap. Returns the number of bytes written.
 * @throws {Error} when they do not fit, or `source` is no frame.
 */
export type Transform = (source: Uint8Array, target: Uint8Array) => number;

/**
 * Makes one frame each, with its content size. The context lives as long as the thread, so make one of each
 * per thread.
 */
export function newCompressor(level: number): Transform {
  const context = functions.createCompressor() as unknown;
  bytesOf(functions.setParameter(context, compressionLevel, level));
  return (source, target) =>
    bytesOf(functions.compress(context, target, target.length, source, source.length));
}

/** Never writes more than `target` holds, whatever a frame says about itself. */
export function newDecompressor(): Transform {
  const context = functions.createDecompressor() as unknown;
  return (source, target) =>
    bytesOf(functions.decompress(context, target, target.length, source, source.length));
}

/** A `size_t` comes as a number if it is a safe one. Error codes are the largest that exist. */
function bytesOf(result: unknown): number {
  if (typeof result === 'number' && functions.isError(result) === 0) return result;
  throw new Error(String(functions.errorName(result)));
}
