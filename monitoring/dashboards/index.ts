/** All dashboards, by the name of their file. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { backups } from './backups.ts';
import { fleet } from './fleet.ts';
import { operator } from './operator.ts';
import { stack } from './stack.ts';

export const dashboards: Readonly<Record<string, Dashboard>> = { fleet, stack, backups, operator };
