// The kernels' sources, read by TypeScript's parser: AssemblyScript differs from it in types alone, and in decorators
// on functions, which the parser keeps.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

export const folder = 'src/engine/kernels';

/** A function as its source has it: `name: type` of every argument, in order. */
export type KernelFunction = {
  readonly file: string;
  readonly takes: readonly string[];
  readonly returns: string;
  /** The call that is all of its body, as `callee(arguments)`; null where it is more than a call. */
  readonly calls: { readonly callee: string; readonly type: string | null; readonly with: readonly string[] } | null;
};

export type KernelSources = {
  /** What a file exports, by `file/name`. */
  readonly functions: ReadonlyMap<string, KernelFunction>;
  /** What index.ts exports, by name: the places in `functions`. */
  readonly exported: ReadonlyMap<string, string>;
  /** Classes without a header, by name: `name: type` of every field, in order. */
  readonly structs: ReadonlyMap<string, readonly string[]>;
  /** Constants that are one number, by name; every value that it has in some file. */
  readonly numbers: ReadonlyMap<string, readonly number[]>;
};

/** Sources by their names without folder and ending. */
export const readKernels = (): ReadonlyMap<string, string> =>
  new Map(globSync(`${folder}/*.ts`).map((file) => [path.basename(file, '.ts'), readFileSync(file, 'utf8')]));

export function parseKernels(sources: ReadonlyMap<string, string>): KernelSources {
  const functions = new Map<string, KernelFunction>();
  const exported = new Map<string, string>();
  const structs = new Map<string, readonly string[]>();
  const numbers = new Map<string, number[]>();
  for (const [file, text] of sources) {
    const source = ts.createSourceFile(`${file}.ts`, text, ts.ScriptTarget.Latest, true);
    const imports = importsOf(source);
    for (const statement of source.statements) {
      if (ts.isFunctionDeclaration(statement) && statement.name !== undefined) {
        const name = statement.name.text;
        functions.set(`${file}/${name}`, functionOf(statement, file, imports));
        if (file === 'index' && isExported(statement)) exported.set(name, `${file}/${name}`);
      } else if (ts.isClassDeclaration(statement) && statement.name !== undefined) {
        structs.set(statement.name.text, fieldsOf(statement));
      } else if (ts.isVariableStatement(statement)) {
        for (const { name, initializer } of statement.declarationList.declarations) {
          const value = Number(initializer?.getText());
          if (!Number.isNaN(value)) numbers.set(name.getText(), [...(numbers.get(name.getText()) ?? []), value]);
        }
      } else if (file === 'index' && ts.isExportDeclaration(statement)) {
        const from = moduleOf(statement.moduleSpecifier);
        if (statement.exportClause !== undefined && ts.isNamedExports(statement.exportClause))
          for (const { name, propertyName } of statement.exportClause.elements)
            exported.set(name.text, `${from}/${(propertyName ?? name).text}`);
      }
    }
  }
  return { functions, exported, structs, numbers };
}

const isExported = (node: ts.FunctionDeclaration): boolean =>
  node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false;

/** `./panel` as `panel`. */
const moduleOf = (specifier: ts.Expression | undefined): string =>
  specifier !== undefined && ts.isStringLiteral(specifier) ? path.posix.basename(specifier.text) : '';

/** Where every imported name comes from, as `file/name`. */
function importsOf(source: ts.SourceFile): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const statement of source.statements) {
    if (!ts.isImportDeclaration(statement)) continue;
    const bindings = statement.importClause?.namedBindings;
    if (bindings !== undefined && ts.isNamedImports(bindings))
      for (const { name, propertyName } of bindings.elements)
        found.set(name.text, `${moduleOf(statement.moduleSpecifier)}/${(propertyName ?? name).text}`);
  }
  return found;
}

const withType = (node: ts.ParameterDeclaration | ts.PropertyDeclaration): string =>
  `${node.name.getText()}: ${node.type?.getText() ?? 'nothing'}`;

function functionOf(node: ts.FunctionDeclaration, file: string, imports: ReadonlyMap<string, string>): KernelFunction {
  return {
    file,
    takes: node.parameters.map(withType),
    returns: node.type?.getText() ?? 'void',
    calls: callOf(node, imports),
  };
}

function callOf(node: ts.FunctionDeclaration, imports: ReadonlyMap<string, string>): KernelFunction['calls'] {
  const [statement, ...rest] = node.body?.statements ?? [];
  if (statement === undefined || rest.length > 0) return null;
  const expression =
    ts.isReturnStatement(statement) || ts.isExpressionStatement(statement) ? statement.expression : undefined;
  if (expression === undefined || !ts.isCallExpression(expression)) return null;
  const callee = expression.expression.getText();
  return {
    callee: imports.get(callee) ?? callee,
    type: expression.typeArguments?.map((type) => type.getText()).join(', ') ?? null,
    // `<f32>value` is still that argument.
    with: expression.arguments.map((argument) =>
      (ts.isTypeAssertionExpression(argument) ? argument.expression : argument).getText(),
    ),
  };
}

const fieldsOf = (node: ts.ClassDeclaration): readonly string[] =>
  node.members.filter(ts.isPropertyDeclaration).map(withType);
