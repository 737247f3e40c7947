import { basename, dirname, join, relative } from 'node:path';
import { isTestFile, objectionTo, objectionToModule, objectionToPackage } from './import-order.mjs';

/**
 * The rules of ARCHITECTURE.md and CONTRIBUTING.md that oxlint has none of its own for. Each message
 * gives the reason, because whoever meets it has to move code.
 *
 * @typedef {Parameters<import('oxlint/plugins-dev').RuleTester['run']>[1]} AnyRule
 * @typedef {Extract<AnyRule, { create: unknown }>} Rule
 * @typedef {Parameters<Rule['create']>[0]} Context
 * @typedef {Parameters<NonNullable<ReturnType<Rule['create']>[string]>>[0]} Node
 */

/** @param {Context} context */
const pathOf = (context) => relative(context.cwd, context.filename).replaceAll('\\', '/');

/**
 * Visits every module that a file names: imports, re-exports, dynamic imports, types.
 *
 * @param {(node: Node, specifier: string) => void} visit
 */
function onEachImport(visit) {
  /** @param {Node} node */
  const onNode = (node) => {
    if (!('source' in node) || node.source === null) return;
    if ('value' in node.source && typeof node.source.value === 'string') {
      visit(node, node.source.value);
    }
  };
  return {
    ImportDeclaration: onNode,
    ExportNamedDeclaration: onNode,
    ExportAllDeclaration: onNode,
    ImportExpression: onNode,
    TSImportType: onNode,
  };
}

/** @type {Rule} */
const importOrder = {
  create(context) {
    const from = pathOf(context);
    return onEachImport((node, specifier) => {
      const to = join(dirname(from), specifier);
      const message = specifier.startsWith('.')
        ? (objectionTo(from, to) ?? objectionToPackage(from, to))
        : objectionToModule(from, specifier);
      if (message !== undefined) context.report({ node, message });
    });
  },
};

const bannedNames = /^(utils?|helpers?|common|manager)$/;

/** @type {Rule} */
const fileName = {
  create(context) {
    return {
      Program(node) {
        const name = basename(pathOf(context)).replace(/\..*$/, '');
        const banned = name.split('-').find((word) => bannedNames.test(word));
        if (banned === undefined) return;
        context.report({ node, message: `"${banned}" says nothing: name what the file is about.` });
      },
    };
  },
};

/** @type {Rule} */
const noBarrel = {
  create(context) {
    return {
      ExportAllDeclaration(node) {
        const message = 'No barrels: name what is exported, or let callers import the file itself.';
        context.report({ node, message });
      },
      Program(node) {
        const reExports = node.body.filter(
          (statement) => statement.type === 'ExportNamedDeclaration' && statement.source !== null,
        );
        if (reExports.length === 0 || reExports.length < node.body.length) return;
        const message =
          'No barrels: this file only passes others on, which hides where things live and loads ' +
          'everything for one name. Import the files themselves.';
        context.report({ node, message });
      },
    };
  },
};

const environmentText =
  'Only config.ts reads the environment, so that every setting is checked at the start, documented ' +
  'in .env.example and passed down.';

/** Whether an expression is `process` or `import.meta`. @param {Node} node */
function holdsEnvironment(node) {
  if (node.type === 'Identifier') return node.name === 'process';
  if (node.type === 'MemberExpression') return nameOf(node.property) === 'process';
  return node.type === 'MetaProperty' && node.meta.name === 'import';
}

/** The name of a property, however it is written. @param {Node} key */
function nameOf(key) {
  if (key.type === 'Identifier') return key.name;
  return key.type === 'Literal' ? key.value : undefined;
}

/** @type {Rule} */
const noEnvironment = {
  create(context) {
    // A test hands PATH and the like to the processes it starts.
    if (isTestFile(pathOf(context))) return {};
    /** @param {Node} node @param {boolean} isEnvironment */
    const refuse = (node, isEnvironment) => {
      if (isEnvironment) context.report({ node, message: environmentText });
    };
    return {
      MemberExpression(node) {
        refuse(node, nameOf(node.property) === 'env' && holdsEnvironment(node.object));
      },
      VariableDeclarator(node) {
        if (node.id.type !== 'ObjectPattern' || node.init === null) return;
        const takesEnv = node.id.properties.some(
          (property) => property.type === 'Property' && nameOf(property.key) === 'env',
        );
        refuse(node, takesEnv && holdsEnvironment(node.init));
      },
      ImportSpecifier(node) {
        const { imported, parent } = node;
        const source = parent.type === 'ImportDeclaration' ? parent.source.value : '';
        refuse(node, nameOf(imported) === 'env' && /^(?:node:)?process$/.test(source));
      },
    };
  },
};

const functionLinesMax = 70;

/**
 * The limit of oxlint's own rule, for tests: there the callback of a `describe` may be longer.
 *
 * @type {Rule}
 */
const testFunctionLines = {
  create(context) {
    if (!isTestFile(pathOf(context))) return {};
    /** @param {Node} node */
    const onFunction = (node) => {
      const lines = node.loc.end.line - node.loc.start.line + 1;
      if (lines <= functionLinesMax || isDescribeCallback(node)) return;
      const message = `${lines} lines, at most ${functionLinesMax}: a test that long tells no story.`;
      context.report({ node, message });
    };
    return {
      FunctionDeclaration: onFunction,
      FunctionExpression: onFunction,
      ArrowFunctionExpression: onFunction,
    };
  },
};

/** @param {Node} node */
function isDescribeCallback(node) {
  const call = node.parent;
  if (call?.type !== 'CallExpression') return false;
  let { callee } = call;
  // `describe.each(table)(name, callback)` and `describe.concurrent(…)`
  for (;;) {
    if (callee.type === 'CallExpression') callee = callee.callee;
    else if (callee.type === 'MemberExpression') callee = callee.object;
    else return callee.type === 'Identifier' && callee.name === 'describe';
  }
}

export default {
  meta: { name: 'architecture' },
  rules: {
    'file-name': fileName,
    'import-order': importOrder,
    'no-barrel': noBarrel,
    'no-environment': noEnvironment,
    'test-function-lines': testFunctionLines,
  },
};
