/** Properties that are absent rather than `undefined`. */

type WithoutUndefined<T> = {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K];
} & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** `{ ...optional({ width, name }) }` has only the properties that are not undefined. */
export function optional<const T extends object>(properties: T): WithoutUndefined<T> {
  const present: Partial<T> = {};
  for (const name of Object.keys(properties) as (keyof T)[])
    if (properties[name] !== undefined) present[name] = properties[name];
  return present as unknown as WithoutUndefined<T>;
}
