/**
 * `node bench/fleet/run.ts` measures a fleet, of this build and of an earlier one in turn, and prints a line of
 * JSON for each figure. `bench/benchmarks/fleet.ts` has the same as benchmarks with goals.
 */
import { parseArgs } from 'node:util';
import { lineProgress, Sandbox } from '../../sandbox/index.ts';
import { installAccess } from '../../sandbox/installation/operator.ts';
import { earlierCheckout, fleetBuild } from '../earlier-checkout.ts';
import { FleetBench } from './fleet.ts';
import { fleetOf } from './tenants.ts';

const measures = ['coldstart', 'rest', 'firstbyte', 'hostile'] as const;
const usage = `Usage: node bench/fleet/run.ts [OPTION…] [${measures.join(' | ')} …]

  --tenants N    namespaces, each with a store (200)
  --each N       stacks of each (1)
  --rounds N     times that each build is measured (1)
  --resync N     seconds between looks, for rest and firstbyte (60)
  --changes N    of firstbyte (100)
  --dead N       of firstbyte: further stacks whose hosts never answer (0)
  --earlier REF  the build to compare with (${fleetBuild.name}); none: only this one
  --sandbox NAME a control plane, made if there is none and kept (bench-fleet)
`;

const { values, positionals } = parseArgs({
  options: {
    tenants: { type: 'string', default: '200' },
    each: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '1' },
    resync: { type: 'string', default: '60' },
    changes: { type: 'string', default: '100' },
    dead: { type: 'string', default: '0' },
    earlier: { type: 'string', default: fleetBuild.name },
    sandbox: { type: 'string', default: 'bench-fleet' },
    help: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
if (values.help) process.stdout.write(usage);
else await main();

async function main(): Promise<void> {
  const wanted = measures.filter((name) => positionals.length === 0 || positionals.includes(name));
  const progress = lineProgress();
  const sandbox = await Sandbox.up({ name: values.sandbox, hosts: [], only: ['control-plane'], progress });
  await installAccess(sandbox);
  const earlier =
    values.earlier === 'none'
      ? undefined
      : await earlierCheckout({ ...fleetBuild, names: [values.earlier, ...fleetBuild.names] });
  if (earlier !== undefined && 'missing' in earlier) throw new Error(earlier.missing);
  const fleet = fleetOf(`fleet-${Date.now()}`, Number(values.tenants), Number(values.each));
  const bench = await FleetBench.open({ kubeconfig: sandbox.kubeconfigPath, fleet });
  let cleaning: Promise<unknown> | undefined;
  // A signal ends what is being measured, too, whose failure then cleans up.
  const cleanUp = async (): Promise<void> =>
    void (await (cleaning ??= bench.close().finally(() => earlier?.remove())));
  const print = (measurement: string, build: string, figures: object): void =>
    void process.stdout.write(
      `${JSON.stringify({ measurement, build, stacks: fleet.stacks.length, ...figures })}\n`,
    );
  const resyncSeconds = Number(values.resync);
  const changes = Number(values.changes);
  const dead = Number(values.dead);
  const measure: Record<(typeof measures)[number], (tree?: string) => Promise<object>> = {
    coldstart: (tree) => bench.coldStart(tree),
    rest: (tree) => bench.rest({ resyncSeconds, resyncs: 3 }, tree),
    firstbyte: (tree) => bench.firstByte({ resyncSeconds, changes, dead }, tree),
    hostile: () => bench.hostile({ resyncSeconds, changes }),
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void cleanUp().finally(() => process.exit(130)));
  try {
    print('install', 'this', await bench.install());
    for (const name of wanted)
      for (let round = 0; round < Number(values.rounds); round += 1) {
        if (earlier !== undefined && name !== 'hostile')
          print(name, values.earlier, await measure[name](earlier.directory));
        print(name, 'this', await measure[name]());
      }
  } finally {
    await cleanUp();
  }
}
