/** Stands before each line that the suite prints, among all that VS Code prints. */
export const SUITE_MARK = '[suite] ';
