/** The little of VS Code's API that logic without an editor touches. */
export const l10n = {
  t: (message: string, ...values: readonly unknown[]) =>
    message.replace(/\{(\d+)\}/g, (_, index) => String(values[Number(index)])),
};
