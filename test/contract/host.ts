/** What every {@link Host} must do, the one behind SSH and the fake; each test has a project of its own. */
import { describe } from 'vitest';
import { HostBench } from './host/bench.ts';
import type { HostSubject } from './host/bench.ts';
import { claimCases } from './host/claims.ts';
import { dataCases } from './host/data.ts';
import { jobCases } from './host/jobs.ts';
import { machineCases } from './host/machine.ts';
import { moveCases } from './host/moves.ts';
import { releaseCases } from './host/releases.ts';
import { volumeCases } from './host/volumes.ts';

export function hostContract(kind: string, makeSubject: () => Promise<HostSubject> | HostSubject): void {
  const bench = new HostBench(makeSubject);
  describe(`a host (${kind})`, () => {
    machineCases(bench);
    claimCases(bench);
    releaseCases(bench);
    jobCases(bench);
    dataCases(bench);
    moveCases(bench);
    volumeCases(bench);
  });
}
