import type { Scope, ShownApiKey } from '@audital/contracts';

/** An API key as HTTP shows it: nothing of it but its last four characters. */
export interface ApiKeyView {
  id: string;
  label: string;
  mode: 'live' | 'test';
  /** `ak_live_…WXYZ`. */
  hint: string;
  scopes: Scope[];
  createdAt: string;
  revokedAt: string | null;
}

export const apiKeyView = ({ keyId, label, prefix, last4, scopes, createdAt, revokedAt }: ShownApiKey): ApiKeyView => ({
  id: keyId,
  label,
  mode: prefix === 'ak_live_' ? 'live' : 'test',
  hint: `${prefix}…${last4}`,
  scopes,
  createdAt,
  revokedAt,
});
