// What `npm run dev` runs first. Written so that every Node can read it, and say that it is too old.
var version = process.versions.node.split('.').map(Number);
var major = version[0];

if (major < 20 || (major === 20 && version[1] < 19)) {
  process.stderr.write(
    'dev: Node ' + process.versions.node + ' is too old: install Node 24 (20.19 is the minimum)\n',
  );
  process.exit(1);
}
if (major === 20) {
  process.stdout.write('dev: warning: Node 20 is past its end of life: use Node 22 or 24\n');
}

// ts-node would leave a cache in the temporary folder.
process.env.DISABLE_V8_COMPILE_CACHE = '1';
require('ts-node/register/transpile-only');
require('./index.ts');
