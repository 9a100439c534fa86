import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

const sources = path.join(__dirname, 'processes');
// Inside the package, so that what is compiled finds the same dependencies.
const target = path.join(__dirname, '../node_modules/.cache/auth-bench');

/** Compiles what runs in processes of its own. With ts-node in them, the compiler's memory and time would be measured too. */
export function compileProcesses(): void {
  mkdirSync(target, { recursive: true });
  for (const file of readdirSync(sources)) {
    const { outputText } = ts.transpileModule(readFileSync(path.join(sources, file), 'utf8'), {
      compilerOptions: {
        module: ts.ModuleKind.CommonJS,
        target: ts.ScriptTarget.ES2023,
        esModuleInterop: true,
      },
    });
    writeFileSync(compiled(path.basename(file, '.ts')), outputText);
  }
}

export const compiled = (name: string): string => path.join(target, `${name}.js`);
