import type { Endpoint } from '../providers/registry.ts';

/** Models as an RSS 2.0 feed, newest first as a feed has to be. */
export function modelFeed(models: readonly Endpoint[], origin: string): string {
  const items = models
    .toSorted((a, b) => (b.model.listed?.created ?? 0) - (a.model.listed?.created ?? 0))
    .map(({ model }) => {
      const link = `${origin}/api/v1/model/${model.id}`;
      const date = model.listed?.created ? new Date(model.listed.created * 1000).toUTCString() : null;
      return [
        '<item>',
        `<title>${xml(model.name)}</title>`,
        `<link>${xml(link)}</link>`,
        `<guid isPermaLink="false">${xml(model.id)}</guid>`,
        `<description>${xml(model.description)}</description>`,
        ...(date ? [`<pubDate>${date}</pubDate>`] : []),
        '</item>',
      ].join('');
    });
  return `<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>Callgate models</title><link>${xml(origin)}</link><description>The models that can be called now</description>${items.join('')}</channel></rss>
`;
}

/** What XML 1.0 cannot hold at all is left out: https://www.w3.org/TR/xml/#charsets */
function xml(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
  );
}
