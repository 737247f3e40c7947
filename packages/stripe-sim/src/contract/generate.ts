import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { contractResources } from './resources.ts';
import type { Operation, Schema } from './schema.ts';
import { TypeWalker } from './type-walker.ts';

/**
 * The contract of the installed `stripe` package as the text of `generated/contract.json`: request
 * and response types from its declarations, verb and path from its JavaScript. One line for each
 * operation and type, so that a newer package shows as a readable difference.
 */
export function generateContract(): string {
  const folder = stripeFolder();
  const files = contractResources.map((name) => path.join(folder, 'esm/resources', `${name}.d.ts`));
  const program = ts.createProgram(files, {
    strict: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2022.d.ts'],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: [],
  });
  const walker = new TypeWalker(program.getTypeChecker());
  const operations: Record<string, Operation> = {};
  for (const [index, file] of files.entries()) {
    const source = program.getSourceFile(file);
    if (source === undefined) throw new Error(`${file} is not there`);
    Object.assign(
      operations,
      operationsOf(source, contractResources[index] ?? '', program.getTypeChecker(), walker),
    );
  }
  return render(folder, operations, walker.types);
}

function operationsOf(
  source: ts.SourceFile,
  resource: string,
  checker: ts.TypeChecker,
  walker: TypeWalker,
): Record<string, Operation> {
  const routes = routesOf(source.fileName.replace(/\.d\.ts$/, '.js'));
  const found: Record<string, Operation> = {};
  for (const statement of source.statements) {
    if (!ts.isClassDeclaration(statement)) continue;
    for (const member of statement.members) {
      if (!ts.isMethodDeclaration(member) || !ts.isIdentifier(member.name)) continue;
      const route = routes.get(member.name.text);
      if (route === undefined) continue;
      // `Accounts.retrieve` without an id is a second way to the same path.
      found[route] ??= operationOf(member, `${resource}.${member.name.text}`, checker, walker);
    }
  }
  return found;
}

function operationOf(
  method: ts.MethodDeclaration,
  name: string,
  checker: ts.TypeChecker,
  walker: TypeWalker,
): Operation {
  const params = method.parameters.find((parameter) => /params/i.test(parameter.name.getText()));
  const type = params && checker.getNonNullableType(checker.getTypeAtLocation(params));
  if (method.type === undefined || !ts.isTypeReferenceNode(method.type)) {
    throw new Error(`${name} declares no result`);
  }
  const { paged, item } = resultOf(method.type);
  return {
    method: name.replace('/', '.'),
    params: type === undefined ? null : walker.schemaOf(type, 'request'),
    response: walker.schemaOf(checker.getTypeFromTypeNode(item), 'response'),
    paged,
  };
}

/** `Promise<Response<T>>`, `ApiListPromise<T>`, `ApiSearchResultPromise<T>`. */
function resultOf(type: ts.TypeReferenceNode): { paged: Operation['paged']; item: ts.TypeNode } {
  const [argument] = type.typeArguments ?? [];
  const name = type.typeName.getText();
  if (argument === undefined) throw new Error(`${name} names no type`);
  if (name === 'ApiListPromise') return { paged: 'list', item: argument };
  if (name === 'ApiSearchResultPromise') return { paged: 'search', item: argument };
  if (!ts.isTypeReferenceNode(argument)) throw new Error(`${name} names no response`);
  const [item] = argument.typeArguments ?? [];
  if (item === undefined) throw new Error(`${argument.getText()} names no type`);
  return { paged: null, item };
}

/** Method name to `VERB /v1/path/{}`. */
function routesOf(file: string): Map<string, string> {
  const text = readFileSync(file, 'utf8');
  const calls = text.matchAll(
    /^ {4}(\w+)\([^)]*\) \{[^}]*?this\._makeRequest\('(\w+)', (?:'([^']+)'|`([^`]+)`)/gms,
  );
  return new Map(
    [...calls].map(([, name = '', verb = '', plain, template = '']) => [
      name,
      `${verb} ${plain ?? template.replaceAll(/\$\{[^}]*\}/g, '{}')}`,
    ]),
  );
}

function render(
  folder: string,
  operations: Record<string, Operation>,
  types: Record<string, Schema>,
): string {
  const { version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as {
    version: string;
  };
  const versionFile = readFileSync(path.join(folder, 'esm/apiVersion.js'), 'utf8');
  const apiVersion = /ApiVersion = '([^']+)'/.exec(versionFile)?.[1];
  const lines = (entries: Record<string, unknown>): string =>
    Object.entries(entries)
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`)
      .join(',\n');
  return (
    `{\n"packageVersion": ${JSON.stringify(version)},\n` +
    `"apiVersion": ${JSON.stringify(apiVersion)},\n` +
    `"operations": {\n${lines(operations)}\n},\n"types": {\n${lines(types)}\n}\n}\n`
  );
}

function stripeFolder(): string {
  // The package's exports do not show its package.json, so it is looked for where npm puts it.
  for (let folder = import.meta.dirname; ; folder = path.dirname(folder)) {
    const candidate = path.join(folder, 'node_modules/stripe');
    if (existsSync(path.join(candidate, 'package.json'))) return candidate;
    if (folder === path.dirname(folder)) throw new Error('the stripe package is not installed');
  }
}
