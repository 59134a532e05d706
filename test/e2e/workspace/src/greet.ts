import OpenAI from 'openai';

const client = new OpenAI({ apiKey: 'put-your-key-here' });

export async function greet(name: string): Promise<string> {
  const answer = await client.chat.completions.create({
    model: 'gpt-4o-mini',
    messages: [{ role: 'user', content: `Hello, I am ${name}.` }],
  });
  return answer.choices[0]?.message.content ?? '';
}
