import ts from 'typescript';

/** One small fault that may be planted in a file. */
export interface Mutant {
  file: string;
  line: number;
  /** Characters of the file that are replaced, and by what. */
  start: number;
  end: number;
  text: string;
  /** The line before and after, as people read it. */
  before: string;
  after: string;
}

/** Every operator with what it is taken for. */
const SWAPPED: Partial<Record<ts.SyntaxKind, string>> = {
  [ts.SyntaxKind.LessThanToken]: '<=',
  [ts.SyntaxKind.LessThanEqualsToken]: '<',
  [ts.SyntaxKind.GreaterThanToken]: '>=',
  [ts.SyntaxKind.GreaterThanEqualsToken]: '>',
  [ts.SyntaxKind.PlusToken]: '-',
  [ts.SyntaxKind.MinusToken]: '+',
  [ts.SyntaxKind.AsteriskToken]: '/',
  [ts.SyntaxKind.SlashToken]: '*',
  [ts.SyntaxKind.PercentToken]: '*',
  [ts.SyntaxKind.AsteriskAsteriskToken]: '*',
  [ts.SyntaxKind.AmpersandAmpersandToken]: '||',
  [ts.SyntaxKind.BarBarToken]: '&&',
  [ts.SyntaxKind.EqualsEqualsEqualsToken]: '!==',
  [ts.SyntaxKind.ExclamationEqualsEqualsToken]: '===',
  [ts.SyntaxKind.PlusEqualsToken]: '-=',
  [ts.SyntaxKind.MinusEqualsToken]: '+=',
  [ts.SyntaxKind.AsteriskEqualsToken]: '/=',
  [ts.SyntaxKind.SlashEqualsToken]: '*=',
};

/** Methods with what they are taken for. */
const METHODS: Record<string, string> = {
  min: 'max',
  max: 'min',
  floor: 'ceil',
  ceil: 'floor',
  round: 'floor',
  some: 'every',
  every: 'some',
  startsWith: 'endsWith',
  endsWith: 'startsWith',
};

/** A replacement of a node's text, or of a part of it. */
type Change = [start: number, end: number, text: string];

/** Every mutant of a file, in the order of the text: none in types, imports and comments, which are no code that runs. */
export function mutantsOf(file: string, text: string): Mutant[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const changes: Change[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || ts.isTypeAliasDeclaration(node) || ts.isInterfaceDeclaration(node)) return;
    changes.push(...changesOf(node, source));
    node.forEachChild(visit);
  };
  visit(source);
  return changes
    .sort((a, b) => a[0] - b[0] || a[1] - b[1])
    .map(([start, end, replaced]) => {
      const line = source.getLineAndCharacterOfPosition(start).line + 1;
      const mutated = text.slice(0, start) + replaced + text.slice(end);
      return {
        file,
        line,
        start,
        end,
        text: replaced,
        before: around(text, start, end),
        after: around(mutated, start, start + replaced.length),
      };
    });
}

/** The mutated file. */
export function planted(text: string, { start, end, text: replaced }: Mutant): string {
  return text.slice(0, start) + replaced + text.slice(end);
}

/** The JavaScript of a file, without comments and types; null where it is no sound TypeScript. */
export function emitted(text: string): string | null {
  const { diagnostics, outputText } = ts.transpileModule(text, {
    compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, removeComments: true },
    reportDiagnostics: true,
  });
  return diagnostics?.length === 0 ? outputText : null;
}

function changesOf(node: ts.Node, source: ts.SourceFile): Change[] {
  const at = (one: ts.Node, text: string): Change => [one.getStart(source), one.getEnd(), text];
  const own = (one: ts.Node): string => one.getText(source);
  if (ts.isBinaryExpression(node)) {
    const { operatorToken: operator, left, right } = node;
    const swapped = SWAPPED[operator.kind];
    if (swapped !== undefined && !isText(left) && !isText(right)) return [at(operator, swapped)];
    return operator.kind === ts.SyntaxKind.QuestionQuestionToken ? [at(node, own(left))] : [];
  }
  if (ts.isIfStatement(node)) {
    const negated = at(node.expression, `!(${own(node.expression)})`);
    return node.elseStatement ? [negated, at(node.elseStatement, '{}')] : [negated, at(node.thenStatement, '{}')];
  }
  if (ts.isWhileStatement(node) || ts.isDoStatement(node)) return [at(node.expression, `!(${own(node.expression)})`)];
  if (ts.isConditionalExpression(node)) return [at(node.condition, `!(${own(node.condition)})`)];
  if (ts.isNumericLiteral(node)) return isKey(node) ? [] : [at(node, next(node.text))];
  if (node.kind === ts.SyntaxKind.TrueKeyword) return [at(node, 'false')];
  if (node.kind === ts.SyntaxKind.FalseKeyword) return [at(node, 'true')];
  if (ts.isPrefixUnaryExpression(node)) return unary(node, at, own);
  if (ts.isReturnStatement(node) && node.expression) return isNothing(own(node.expression)) ? [] : [at(node.expression, 'undefined')];
  if (ts.isArrowFunction(node) && !ts.isBlock(node.body)) return isNothing(own(node.body)) ? [] : [at(node.body, 'undefined')];
  if (ts.isExpressionStatement(node) || ts.isThrowStatement(node) || ts.isBreakStatement(node) || ts.isContinueStatement(node))
    return [at(node, ';')];
  if (ts.isPropertyAccessExpression(node) && ts.isCallExpression(node.parent) && node.parent.expression === node) {
    const other = METHODS[node.name.text];
    return other === undefined ? [] : [at(node.name, other)];
  }
  return [];
}

function unary(node: ts.PrefixUnaryExpression, at: (one: ts.Node, text: string) => Change, own: (one: ts.Node) => string): Change[] {
  const dropped = [ts.SyntaxKind.ExclamationToken, ts.SyntaxKind.MinusToken].includes(node.operator);
  return dropped ? [at(node, own(node.operand))] : [];
}

/** What reads like undefined wherever it is asked about; `false` is made `true` besides. */
function isNothing(text: string): boolean {
  return ['undefined', 'null', 'false'].includes(text);
}

/** Whether a number is the name of a property. */
function isKey(node: ts.NumericLiteral): boolean {
  return ts.isPropertyAssignment(node.parent) && node.parent.name === node;
}

/** Where `+` joins text, `-` is no fault that anybody makes. */
function isText(node: ts.Node): boolean {
  return ts.isStringLiteralLike(node) || ts.isTemplateExpression(node);
}

function next(text: string): string {
  const value = Number(text.replaceAll('_', ''));
  return value === 1 ? '0' : String(value + 1);
}

/** The lines that a change touches, in one; of long ones what is near the change. */
function around(text: string, start: number, end: number): string {
  const lineFrom = text.lastIndexOf('\n', start - 1) + 1;
  const lineTo = text.indexOf('\n', end);
  const to = lineTo < 0 ? text.length : lineTo;
  const [first, last] = [Math.max(lineFrom, start - NEAR), Math.min(to, Math.max(start, Math.min(end, start + NEAR)) + NEAR)];
  const part = text.slice(first, last).replaceAll(/\s+/g, ' ').trim();
  return `${first > lineFrom ? '…' : ''}${part}${last < to ? '…' : ''}`;
}

/** Characters on each side of a change. */
const NEAR = 80;
