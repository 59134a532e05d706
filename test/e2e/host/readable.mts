/** As much of a page's DOM as is looked at; the whole library would make its names known to every module of the daemon. */
type PageElement = {
  readonly id: string;
  readonly tagName: string;
  readonly textContent: string | null;
  readonly parentElement: PageElement | null;
  readonly scrollWidth: number;
  readonly clientWidth: number;
  checkVisibility(): boolean;
};
type Style = Readonly<Record<'color' | 'backgroundColor' | 'borderTopColor' | 'borderTopWidth', string>> & {
  getPropertyValue(name: string): string;
};
declare const document: {
  readonly documentElement: PageElement;
  querySelectorAll(selector: string): Iterable<PageElement>;
};
declare function getComputedStyle(element: PageElement): Style;

/**
 * Runs inside a page: what a person with this theme could not read or find. Text must stand out from what is behind it
 * (WCAG 2 AA: 4.5 to 1), a field from the page, by its fill or its border.
 */
export function unreadable(): readonly string[] {
  type Colour = readonly [red: number, green: number, blue: number, alpha: number];
  const read = (text: string): Colour => {
    const hex = /^#(..)(..)(..)$/.exec(text.trim());
    if (hex) return [...hex.slice(1).map((pair) => Number.parseInt(pair, 16)), 1] as unknown as Colour;
    const [red = 0, green = 0, blue = 0, alpha = 1] = (text.match(/[\d.]+/g) ?? []).map(Number);
    return [red, green, blue, alpha];
  };
  const editor = read(getComputedStyle(document.documentElement).getPropertyValue('--vscode-editor-background'));
  const over = (above: Colour, below: Colour): Colour => {
    const mix = (index: 0 | 1 | 2) => above[index] * above[3] + below[index] * (1 - above[3]);
    return [mix(0), mix(1), mix(2), 1];
  };
  const behind = (element: PageElement | null): Colour => {
    // A webview is transparent: behind it is the editor.
    if (!element) return editor;
    const own = read(getComputedStyle(element).backgroundColor);
    return own[3] === 1 ? own : over(own, behind(element.parentElement));
  };
  const luminance = ([red, green, blue]: Colour) => {
    const [r = 0, g = 0, b = 0] = [red, green, blue].map((value) => {
      const part = value / 255;
      return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a: Colour, b: Colour) => {
    const [x, y] = [luminance(a), luminance(b)];
    return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
  };
  const seen = (selector: string) =>
    [...document.querySelectorAll(selector)].filter((element) => element.checkVisibility());
  const name = (element: PageElement) => element.id || element.textContent?.trim() || element.tagName;

  const faint = seen('h1, label, .hint, .layer, button, input, textarea').flatMap((element) => {
    const ratio = contrast(over(read(getComputedStyle(element).color), behind(element)), behind(element));
    return ratio < 4.5 ? [`the text of ${name(element)} has a contrast of ${ratio.toFixed(1)}`] : [];
  });
  const lost = seen('input, textarea').filter((element) => {
    const { borderTopColor, borderTopWidth } = getComputedStyle(element);
    const page = behind(element.parentElement);
    const border = Number.parseFloat(borderTopWidth) > 0 ? contrast(over(read(borderTopColor), page), page) : 1;
    return Math.max(border, contrast(behind(element), page)) < 1.1;
  });
  const root = document.documentElement;
  const wide =
    root.scrollWidth > root.clientWidth ? [`the page is ${root.scrollWidth - root.clientWidth} px too wide`] : [];
  return [...faint, ...lost.map((element) => `${name(element)} cannot be told from the page`), ...wide];
}
