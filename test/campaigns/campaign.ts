/**
 * What a campaign is: many cases of one kind of misfortune, each with its oracles. The long form is a
 * command with figures (`make campaign-crash`). The short form runs in `make test`, from a test file that
 * calls {@link shortForm}.
 */
import { afterAll, it } from 'vitest';

/** One case; it passes when `run` returns. */
export interface CampaignCase {
  readonly name: string;
  readonly run: () => Promise<void> | void;
  /** Default 60, because a machine that builds and tests at the same time is slow. */
  readonly limitSeconds?: number;
}

export type CampaignForm = 'short' | 'long';

export interface Campaign {
  readonly title: string;
  /**
   * Cases in the order they run; the short form is a subset. It may look first, such as with a dry run that
   * counts effects.
   */
  readonly cases: (form: CampaignForm) => Promise<readonly CampaignCase[]> | readonly CampaignCase[];
  /** How many cases run at once in the long form; default 1. */
  readonly parallel?: number;
  /** Ends what the cases share. */
  readonly close?: () => Promise<void>;
}

const usualLimitSeconds = 60;

/** Declares the short form as vitest tests. Call at the top level of a test file, with await. */
export async function shortForm(campaign: Campaign): Promise<void> {
  afterAll(async () => await campaign.close?.());
  for (const { name, run, limitSeconds = usualLimitSeconds } of await campaign.cases('short')) {
    // oxlint-disable-next-line vitest/expect-expect, vitest/valid-title -- a case is named and judged by its campaign
    it(name, run, limitSeconds * 1000);
  }
}
