import { describe, expect, it } from 'vitest';
import { aStack } from '../../controllers/stack/testing.ts';
import type { JtelStackSpec, JtelStackStatus } from '../../crds/index.ts';
import { plain } from '../view/paint.ts';
import { importView } from './view.ts';

const initialData: JtelStackSpec['initialData'] = {
  source: 'Import',
  import: {
    database: { address: '192.0.2.7', port: 3306, credentialsSecretRef: { name: 'old' }, tls: 'Preferred' },
  },
};
const shown = (status: JtelStackStatus | undefined): string =>
  importView(aStack({ initialData }, {}, status), { paint: plain, now: new Date(0) }).join('\n');

describe('an import is shown', () => {
  it('before everything was copied', () => {
    expect(shown({ message: 'loading data' })).toBe(
      'main: import from 192.0.2.7:3306, not everything was copied yet\nloading data',
    );
    expect(shown(undefined)).toContain('no operator has looked at it yet');
  });

  it('with what it does not bring, before it is finished', () => {
    const text = shown({
      import: {
        pullTime: '2026-03-01T02:59:00Z',
        tables: 12,
        notBrought: [{ kind: 'Definer', what: 'clerk@%: view jtel.v' }],
        moreNotBrought: 3,
      },
    });
    expect(text).toContain(
      'copied at 2026-03-01T02:59:00Z: 12 tables\nwaits for: kubectl jtel import finish',
    );
    expect(text).toMatch(/Definer +clerk@%: view jtel\.v/);
    expect(text).toContain('… and 3 more');
  });

  it('when it is finished', () => {
    const text = shown({
      import: {
        pullTime: '2026-03-01T02:59:00Z',
        finishTime: '2026-03-01T03:59:00Z',
        tables: 12,
        rows: 99,
        copiedTables: 2,
      },
    });
    expect(text).toContain('finished at 2026-03-01T03:59:00Z: 99 rows are equal; 2 tables had changed since');
    expect(text).toContain('Everything is brought over.');
  });
});
