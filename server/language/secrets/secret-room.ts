import { type Diagnostic, DiagnosticSeverity, type Range, type WorkspaceEdit } from 'vscode-languageserver';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { findSecrets, type SecretFinding } from '../../detect/secrets/find-secrets.ts';
import type { StringLiteral } from '../calls/provider-call.ts';
import { dotenvKindOf, grammarOf } from '../document-kind.ts';
import { documentEdit, type OffsetEdit } from '../edits.ts';
import type { Fix, Room, RoomContext } from '../room.ts';
import { environmentEntry, ignoreEntry } from './environment-file.ts';
import { javascriptEdits } from './javascript-idiom.ts';
import { pythonEdits } from './python-idiom.ts';
import { shellEdits } from './shell-idiom.ts';

/** Keys written into files: reported everywhere, moved to the environment where the language's idiom is known. */
export function secretRoom(context: RoomContext): Room {
  return {
    name: 'secrets',
    diagnose: (document) => findingsIn(document).map((finding) => diagnosticOf(document, finding)),
    fix: async (document, range) => {
      const fixes: Fix[] = [];
      for (const finding of findingsIn(document)) {
        const fix = touches(document, finding, range) ? await moveFix(document, finding, context) : null;
        if (fix !== null) fixes.push(fix);
      }
      return fixes;
    },
  };
}

function findingsIn(document: TextDocument): readonly SecretFinding[] {
  return dotenvKindOf(document) === 'values' ? [] : findSecrets(document.getText());
}

const SEVERITIES = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  information: DiagnosticSeverity.Information,
} as const;

function diagnosticOf(document: TextDocument, { rule, start, end }: SecretFinding): Diagnostic {
  return {
    range: { start: document.positionAt(start), end: document.positionAt(end) },
    severity: SEVERITIES[rule.severity],
    source: 'Callgate',
    code: rule.id,
    codeDescription: { href: rule.documentation },
    message: `${rule.title} in the text: whoever reads this file can spend with it. Move it out, and revoke it at ${rule.revocation}`,
  };
}

type DocumentChanges = NonNullable<WorkspaceEdit['documentChanges']>;

/** The fix for one finding, or null where no idiom is known to be right or the value would have nowhere to go. */
async function moveFix(document: TextDocument, finding: SecretFinding, context: RoomContext): Promise<Fix | null> {
  const { workspace } = context;
  const folder = workspace.folderOf(document.uri);
  if (folder === null) return null;
  const value = document.getText().slice(finding.start, finding.end);
  const environment = await workspace.read(`${folder}/.env`);
  const { name } = environmentEntry(environment?.document.getText() ?? '', finding.rule.environmentVariable, value);
  const edits = await idiomEdits(document, finding, name, context);
  if (edits === null || (environment === null && !workspace.canCreateFiles)) return null;
  return {
    title: `Move to environment variable ${name}`,
    diagnostics: [diagnosticOf(document, finding)],
    isPreferred: true,
    edit: async (): Promise<WorkspaceEdit> => ({
      documentChanges: filesFirst([
        ...(await appendTo(`${folder}/.env`, (text) => environmentEntry(text, name, value).edit, context)),
        ...(await appendTo(`${folder}/.gitignore`, ignoreEntry, context)),
        documentEdit(document, document.version, edits),
      ]),
    }),
  };
}

async function idiomEdits(
  document: TextDocument,
  finding: SecretFinding,
  name: string,
  context: RoomContext,
): Promise<readonly OffsetEdit[] | null> {
  const text = document.getText();
  const grammar = grammarOf(document);
  if (grammar !== null) {
    const question = { key: context.keyOf(document), grammar, text };
    const literals: readonly (StringLiteral | null)[] = await context.syntax.literals(question, [finding.start]);
    return javascriptEdits(text, finding, literals[0] ?? null, name);
  }
  // A template keeps the name and loses the value, whatever language the editor takes it for.
  if (dotenvKindOf(document) === 'template') return [{ start: finding.start, end: finding.end, text: '' }];
  if (document.languageId === 'python') return pythonEdits(text, finding, name);
  return document.languageId === 'shellscript' ? shellEdits(text, finding, name) : null;
}

async function appendTo(
  uri: string,
  append: (text: string) => OffsetEdit | null,
  { workspace }: RoomContext,
): Promise<DocumentChanges> {
  const file = await workspace.read(uri);
  const edit = append(file?.document.getText() ?? '');
  if (edit === null) return [];
  if (file !== null) return [documentEdit(file.document, file.version, [edit])];
  if (!workspace.canCreateFiles) return [];
  const start = { line: 0, character: 0 };
  return [
    { kind: 'create', uri, options: { ignoreIfExists: true } },
    { textDocument: { uri, version: null }, edits: [{ range: { start, end: start }, newText: edit.text }] },
  ];
}

/** All files are made before any text is changed: with text edits between them, VS Code's undo stops half way and leaves `.env`. */
function filesFirst(changes: DocumentChanges): DocumentChanges {
  const makesFile = (change: DocumentChanges[number]): boolean => 'kind' in change;
  return [...changes.filter(makesFile), ...changes.filter((change) => !makesFile(change))];
}

function touches(document: TextDocument, finding: SecretFinding, range: Range): boolean {
  return finding.start <= document.offsetAt(range.end) && finding.end >= document.offsetAt(range.start);
}
