/**
 * What users get wrong, and what must go through: one line per field and rule. `rules.test.ts` sends each to
 * the API server in an otherwise good object, and fails when a rule of the CRDs has no line in
 * `stack-values.ts` or `other-values.ts`; here is what both are written with.
 */

export interface FieldValues {
  readonly kind: 'JtelStack' | 'JtelBackup' | 'JtelRestore' | 'JtelBackupStore' | 'JtelChannel' | 'JtelDrill';
  /** Where the value goes, such as `spec.components[1].name`. */
  readonly path: string;
  /** Each value is refused with a sentence that contains `says`. `undefined` removes the field. */
  readonly bad: readonly unknown[];
  readonly says: string;
  /** Where the API server sees the fault, when that is not `path`. */
  readonly at?: string;
  readonly good?: readonly unknown[];
}

export const hostile = ["a'b", 'a"b', 'a b', 'a\nb', '-rf', '$(id)', 'a;b', 'a\u0000b', '../x', ''];
