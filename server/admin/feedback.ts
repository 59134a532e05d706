import * as z from 'zod';
import { type Refusal, refuse } from '../errors.ts';
import type { AdminContext } from './context.ts';
import { isWithin } from './workspace-scope.ts';

const categories = [
  'latency',
  'incoherence',
  'incorrect_response',
  'formatting',
  'billing',
  'api_error',
  'other',
] as const;

export const feedbackRequest = z.object({
  generation_id: z.string().min(1).max(100),
  category: z.enum(categories, { error: `must be one of ${categories.join(', ')}` }),
  comment: z.string().max(1000).optional(),
});

/** `POST /generation/feedback`: what was wrong with a call, kept with it. It stands in the generation's own view. */
export async function submitFeedback(
  admin: AdminContext,
  { generation_id: generationId, category, comment }: z.output<typeof feedbackRequest>,
  organizationId?: string | undefined,
): Promise<{ readonly success: true } | Refusal> {
  const { store, now } = admin;
  const row = await store.usage.generation(generationId);
  if (!row || !isWithin(admin, row.workspaceId, organizationId)) {
    return refuse('not_found', { message: `Generation ${generationId} not found` });
  }
  await store.feedback.add({ generationId, category, comment: comment ?? null, createdAt: now().toISOString() });
  return { success: true };
}
