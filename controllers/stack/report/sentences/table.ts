/** How sentences are kept: one for each kind of fact, so that none is forgotten and none is made elsewhere. */

import type { Facts } from '../../findings.ts';

/** One sentence maker for each member of a union of facts. @param say the words for facts that are part of others */
export type Sentences<F extends { readonly is: string }> = {
  readonly [K in F['is']]: (facts: Extract<F, { readonly is: K }>, say: (facts: Facts) => string) => string;
};
