/** The queries that dashboards of many stacks share. */

/** Each replica of the operator gives every series. */
export const perStack = (metric: string): string => `max by (namespace, name) (jtel_stack_${metric})`;
export const perStore = (metric: string): string => `max by (namespace, name) (jtel_store_${metric})`;
export const perDrill = (metric: string): string => `max by (name) (jtel_drill_${metric})`;
/** 0 when there is none: Prometheus counts nothing as no answer. */
export const count = (expr: string): string => `(count(${expr}) or vector(0))`;
/** Seconds since that time. */
export const age = (metric: string): string => `(time() - ${perStack(metric)})`;
/** From 0 to 1. */
export const diskFreeRatio = `(${perStack('host_disk_free_bytes')} / ${perStack('host_disk_size_bytes')})`;
