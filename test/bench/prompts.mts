/** What guardrails are measured on: prose, code, logs and letters as people send them, with a mark where each call's text differs. */

/** Stands where load.lua and load-generator.mts put the call's number: eight digits, so that a body's length stays. */
export const MARK = '@@######';

const LETTER = `Hi team, following up on ticket ${MARK}. The customer wrote again this morning: the export that worked until last Thursday now stops after about two minutes, and the page only says that something went wrong. She can be reached at client.${MARK}@example-mail.com until 5 pm, or at the number in the profile. I promised an answer before the weekend, so please tell me what we know so far and what I may say to her.`;
const LOG = `2026-05-14T09:29:44.015Z worker-7 job=${MARK} status=running attempt=2 took=96310ms queue=exports
2026-05-14T09:31:07.482Z worker-7 job=${MARK} status=retrying attempt=3 took=1841ms queue=exports
2026-05-14T09:31:09.118Z worker-7 job=${MARK} error="upstream closed the connection" bytes=734003 host=10.24.7.113
2026-05-14T09:33:12.900Z worker-2 job=${MARK} status=failed attempt=4 took=120004ms queue=exports`;
const CODE = `export async function exportRows(id: string, rows: AsyncIterable<Row>, signal: AbortSignal): Promise<number> {
  let written = 0;
  const file = await open(\`/var/exports/job-${MARK}-\${id}.csv\`, 'w');
  for await (const row of rows) {
    if (signal.aborted) break;
    await file.write(row.cells.map((cell) => JSON.stringify(cell ?? '')).join(',') + '\\n');
    written += 1;
  }
  await file.close();
  return written;
}`;
const ANSWER = `The function above waits for every single write before it asks for the next row, which is slow but correct; what is missing is a timeout of its own. Between the second and the third line of the log almost exactly two minutes pass, and that is the idle limit of the proxy in front of the workers, not ours. I would send a small progress record every twenty seconds, keep the connection alive with it, and write in batches of 500 rows.`;
const TASK = `Please summarise the situation in three short paragraphs for somebody who does not read code: what happens, why it began last week, and what we are going to change. Do not promise a date. Then list the two or three places in the code that need to be touched, with one sentence for each, and say which of them can wait until run ${MARK} is through. Use plain words and no headings.`;

/** Some 2,000 characters. */
export const PROMPT = [LETTER, LOG, CODE, ANSWER, TASK].join('\n\n');

/** A short last message: the question of a turn. */
export const QUESTION = `And for run ${MARK}: is it the same cause? Answer in one sentence, please.`;

const PARTS = [LETTER, CODE, ANSWER, LOG, TASK];

/** Earlier messages of a conversation, question and answer in turn, of 500 to 2,000 characters; the same in every call. */
export const EARLIER: readonly { readonly role: 'user' | 'assistant'; readonly content: string }[] = Array.from(
  { length: 20 },
  (_, at) => {
    const turn = String(at).padStart(MARK.length, '4');
    const text = Array.from({ length: 1 + (at % 4) }, (_each, part) => PARTS[(at + part) % PARTS.length]).join('\n\n');
    const content = `Turn ${turn}. ${text}\n\n${text.length < 450 ? ANSWER : ''}`
      .replaceAll(MARK, turn)
      .slice(0, 2_000);
    return { role: at % 2 === 0 ? 'user' : 'assistant', content };
  },
);
