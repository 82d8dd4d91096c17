import ts from 'typescript';

/** A place where one file names another, or a package. */
export interface Reference {
  specifier: string;
  line: number;
  /** `type`: erased by the compiler. `file`: `new URL('…', import.meta.url)`, read or run at run time, not imported. */
  kind: 'value' | 'type' | 'file';
  /** `export * from '…'` */
  star: boolean;
}

/** A call by the name of a method, `x.dataSync()` for instance. */
export interface MethodCall {
  method: string;
  line: number;
}

export interface ParsedFile {
  lines: number;
  references: Reference[];
  calls: MethodCall[];
}

/** What a TypeScript source refers to and calls, by the compiler's own parser: strings and comments do not mislead it. */
export function parseSource(path: string, text: string): ParsedFile {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, false, ts.ScriptKind.TS);
  const references: Reference[] = [];
  const calls: MethodCall[] = [];
  const lineOf = (node: ts.Node) => source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
  const refer = (node: ts.Node, specifier: ts.Node | undefined, kind: Reference['kind'], star = false) => {
    if (!specifier || !ts.isStringLiteralLike(specifier)) return;
    references.push({ specifier: specifier.text, line: lineOf(node), kind, star });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      refer(node, node.moduleSpecifier, node.importClause?.isTypeOnly ? 'type' : 'value');
    } else if (ts.isExportDeclaration(node)) {
      const star = node.exportClause === undefined;
      refer(node, node.moduleSpecifier, node.isTypeOnly ? 'type' : 'value', star);
    } else if (ts.isImportTypeNode(node)) {
      refer(node, ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, 'type');
    } else if (ts.isCallExpression(node)) {
      if (ts.isPropertyAccessExpression(node.expression)) {
        calls.push({ method: node.expression.name.text, line: lineOf(node.expression.name) });
      }
      if (loads(node.expression)) refer(node, node.arguments[0], 'value');
    } else if (ts.isNewExpression(node) && isLocation(node)) {
      refer(node, node.arguments?.[0], 'file');
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { lines: source.getLineStarts().length - (text.endsWith('\n') ? 1 : 0), references, calls };
}

function loads(callee: ts.Expression): boolean {
  return callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === 'require');
}

function isLocation({ expression, arguments: given }: ts.NewExpression): boolean {
  const base = given?.[1];
  if (!ts.isIdentifier(expression) || expression.text !== 'URL' || !base) return false;
  return ts.isPropertyAccessExpression(base) && ts.isMetaProperty(base.expression);
}
