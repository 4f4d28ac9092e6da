// Reads Kubernetes objects (a JSON list) on stdin and writes the list of problems: what each API's schema refuses (types, missing fields), and
// what its type does not know (misspelt fields). A process of its own, because kubernetes-models is an ES module.
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import * as apps from 'kubernetes-models/apps/v1';
import * as batch from 'kubernetes-models/batch/v1';
import * as networking from 'kubernetes-models/networking.k8s.io/v1';
import * as policy from 'kubernetes-models/policy/v1';
import * as core from 'kubernetes-models/v1';
import ts from 'typescript';

const APIS = {
  v1: core,
  'apps/v1': apps,
  'batch/v1': batch,
  'networking.k8s.io/v1': networking,
  'policy/v1': policy,
};
const nameOf = (object) => `${object.kind} ${object.metadata?.name}`;

function schemaProblems(object) {
  const Model = APIS[object.apiVersion]?.[object.kind];
  if (!Model) return [`${nameOf(object)}: ${object.apiVersion} has no such kind`];
  try {
    new Model(object).validate();
    return [];
  } catch (error) {
    return [`${nameOf(object)}: ${error.message}`];
  }
}

/** The compiler refuses a literal with a property that the type does not have. */
function unknownFields(objects) {
  const known = objects.filter((object) => APIS[object.apiVersion]?.[object.kind]);
  const lines = known.map((object, index) => {
    const from = object.apiVersion === 'v1' ? 'v1' : apiPath(object.apiVersion);
    return `export const o${index}: import('kubernetes-models/${from}').I${object.kind} = ${JSON.stringify(object)};`;
  });
  const file = join(import.meta.dirname, 'objects.virtual.mts');
  const options = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.getSourceFile = (name, ...rest) =>
    name === file
      ? ts.createSourceFile(name, lines.join('\n'), options.target, true)
      : getSourceFile.call(host, name, ...rest);
  host.fileExists = (name) => name === file || fileExists.call(host, name);
  host.readFile = (name) => (name === file ? lines.join('\n') : readFile.call(host, name));
  const program = ts.createProgram([file], options, host);
  return ts.getPreEmitDiagnostics(program).map((diagnostic) => {
    const line = diagnostic.file?.getLineAndCharacterOfPosition(diagnostic.start).line ?? 0;
    return `${nameOf(known[line] ?? {})}: ${ts.flattenDiagnosticMessageText(diagnostic.messageText, ' ')}`;
  });
}

const apiPath = (apiVersion) => (apiVersion.startsWith('networking') ? 'networking.k8s.io/v1' : apiVersion);

const objects = JSON.parse(await text(process.stdin));
process.stdout.write(JSON.stringify([...objects.flatMap(schemaProblems), ...unknownFields(objects)]));
