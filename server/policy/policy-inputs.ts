import type { LayerRules } from './layer-rules.ts';

type Reset = 'daily' | 'weekly' | 'monthly' | null;

/** A guardrail as far as policy goes by it. Money in nano-dollars. */
export type PolicyGuardrail = {
  readonly id: string;
  readonly name: string;
  readonly limit: number | null;
  readonly reset: Reset;
  readonly includeByok: boolean;
  readonly rules: LayerRules;
};

/** Everything above a call that says something about it, for one key. */
export type PolicyInputs = {
  readonly key: {
    readonly id: string;
    readonly name: string;
    readonly limit: number | null;
    readonly limitReset: Reset;
    readonly includeByokInLimit: boolean;
    readonly creatorUserId: string | null;
  };
  readonly organization: {
    readonly id: string;
    readonly name: string;
    /** Null: no limit. */
    readonly credits: number | null;
    /** The ceiling over all its workspaces. */
    readonly rules: LayerRules | null;
    readonly injectionAllowList: readonly string[];
  } | null;
  readonly workspace: {
    readonly id: string;
    readonly slug: string;
    readonly includeByok: boolean;
    readonly budgets: readonly { readonly id: string; readonly limit: number; readonly reset: Reset }[];
  };
  /** The workspace's own guardrail, over all of its keys. */
  readonly defaultGuardrail: PolicyGuardrail | null;
  /** Of the member who made the key. */
  readonly memberGuardrail: PolicyGuardrail | null;
  readonly keyGuardrail: PolicyGuardrail | null;
  /** The behavior that the key belongs to. */
  readonly behavior: { readonly id: string; readonly name: string } | null;
};
